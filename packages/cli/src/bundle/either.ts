import { fs } from '../builtins.js';
import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { COMMANDS, type Flag } from '../spec.js';
import { quote, shellWord } from '../text.js';
import type { Args, Run } from '../types.js';
import { bundleAround, isDirectory } from './is-directory.js';
import { smallYoungSpace } from './young-space.js';

/** Those that can be about one member. */
const ONLY = ['open', 'verify'];

/** A command that takes a file or a directory: the one place where it is told apart what was named. */
export function either(command: string, file: Run, directory: Run): Run {
  return async (args, session) => {
    const { operand } = args;
    if (isDirectory(operand)) {
      checkFlags(command, args, 'directory');
      using _small = smallYoungSpace();
      return await directory(args, session);
    }
    if (operand === '-' || fs.existsSync(operand)) checkFlags(command, args, 'file');
    return await file(args, session).catch((error: unknown) => failed(error, command, operand));
  };
}

function checkFlags(command: string, args: Args, is: NonNullable<Flag['of']>): void {
  const { flags } = COMMANDS.find(({ name }) => name === command)!;
  const wrong = flags.find(
    ({ name, of }) => of !== undefined && of !== is && (args.has(name) || args.one(name) !== undefined),
  );
  if (wrong === undefined) return;
  const what = args.operand === '-' ? 'standard input is none' : `${quote(args.operand)} is a ${is}`;
  const whose =
    is === 'directory' ? 'files' : command === 'seal' ? 'directories' : 'bundles, which are directories';
  throw usageError(`${command}: --${wrong.name} is for ${whose}, and ${what}.${wrong.notOf ?? ''}`);
}

/** A payload of a bundle looks like a sealed file by its name, and is none. */
async function failed(error: unknown, command: string, file: string): Promise<never> {
  const isNone = (error as { readonly code?: unknown }).code === 'NOT_SEALED' && file !== '-';
  const bundle = isNone ? bundleAround(file) : undefined;
  if (bundle === undefined) throw error;
  const one = ONLY.includes(command) ? ', with --only for one of its members' : '';
  const { WeightsealError } = await core();
  throw new WeightsealError(
    'NOT_SEALED',
    `${file} is no sealed file by itself, but a part of the bundle ${bundle}: name that (weightseal ${command} ${shellWord(bundle)}${one}).`,
    { cause: error },
  );
}
