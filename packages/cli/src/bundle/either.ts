import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { isUri, Place } from '../place.js';
import { COMMANDS, type Flag } from '../spec.js';
import { quote, shellWord } from '../text.js';
import type { Args, Run, RunAt } from '../types.js';
import { bundleAround } from './bundle-around.js';
import { smallYoungSpace } from './small-heap.js';

/** Those that can be about one member. */
const ONLY = ['open', 'verify'];

/** A command that takes a file or a directory: the one place where it is told apart what was named. */
export function either(command: string, file: RunAt, directory: RunAt): Run {
  return async (args, session) => {
    const { operand } = args;
    await using place = await Place.of(args, operand);
    const kind = await kindFor(command, place, session.signal);
    if (kind === 'directory') {
      checkFlags(command, args, kind);
      using _small = smallYoungSpace();
      return await directory(args, session, place);
    }
    if (operand === '-' || kind === 'file') checkFlags(command, args, 'file');
    return await file(args, session, place).catch((error: unknown) => failed(error, command, place));
  };
}

/** What is sealed from a store is a file: nobody there has directories. */
async function kindFor(command: string, place: Place, signal: AbortSignal): ReturnType<Place['kind']> {
  if (command !== 'seal' || !place.location) return await place.kind(signal);
  if (!place.endsInSlash) return 'file';
  throw usageError(
    `seal: A directory is sealed from a disk, and ${quote(place.text)} is in a store. Bring it here first; a single object is sealed from where it is.`,
  );
}

function checkFlags(command: string, args: Args, is: NonNullable<Flag['of']>): void {
  const { flags } = COMMANDS.find(({ name }) => name === command)!;
  const wrong = flags.find(
    ({ name, of }) => of !== undefined && of !== is && (args.has(name) || args.one(name) !== undefined),
  );
  if (wrong === undefined) return;
  const found = is === 'directory' && isUri(args.operand) ? 'bundle' : is;
  const what = args.operand === '-' ? 'standard input is none' : `${quote(args.operand)} is a ${found}`;
  const whose =
    is === 'directory' ? 'files' : command === 'seal' ? 'directories' : 'bundles, which are directories';
  throw usageError(`${command}: --${wrong.name} is for ${whose}, and ${what}.${wrong.notOf ?? ''}`);
}

/** A payload of a bundle looks like a sealed file by its name, and is none. */
async function failed(error: unknown, command: string, { text: file, location }: Place): Promise<never> {
  const isNone = (error as { readonly code?: unknown }).code === 'NOT_SEALED' && file !== '-';
  const bundle = isNone && !location ? bundleAround(file) : undefined;
  if (bundle === undefined) throw error;
  const one = ONLY.includes(command) ? ', with --only for one of its members' : '';
  const { WeightsealError } = await core();
  throw new WeightsealError(
    'NOT_SEALED',
    `${file} is no sealed file by itself, but a part of the bundle ${bundle}: name that (weightseal ${command} ${shellWord(bundle)}${one}).`,
    { cause: error },
  );
}
