import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isatty } from 'node:tty';
import { isMainThread } from 'node:worker_threads';
import { findProgram, searchPath, WeightsealError } from '@weightseal/core';
import { isShortage, startError } from '../place/place-error.js';
import { numbersOfUs, ownBlock, undecodable } from './environment.js';
import { REBUILD, rebuilt } from './rebuild.js';

const DEADLINE_MS = 5_000;

/**
 * The programs that become the command, one after the other in the same process: each changes one thing about it and leaves the rest alone. No shell among them, but where `REBUILD`
 * says why.
 */
export interface Prefix {
  /** Whether core dumps are switched off by their size, too. */
  readonly limitsCores: boolean;
  /** What could not be had. */
  readonly warnings: readonly string[];
  with(environment: NodeJS.ProcessEnv): {
    readonly words: readonly string[];
    readonly environment: NodeJS.ProcessEnv;
  };
}

/** @throws IO_ERROR where the environment cannot be handed on as it is */
export async function prefixFor(
  ignored: readonly NodeJS.Signals[],
  keepEnv: readonly string[] = [],
): Promise<Prefix> {
  const raw = undecodable(process.env, isMainThread ? ownBlock() : new Uint8Array(), keepEnv);
  const numbers = numbersOfUs(process.env);
  const [env, prlimit] = await Promise.all([findProgram('env'), findProgram('prlimit')]);
  const rebuilds = numbers.length + raw.length > 0;
  if (rebuilds && env === undefined)
    throw new WeightsealError(
      'IO_ERROR',
      `The command's environment cannot be made as it is to be (${raw.length > 0 ? 'it has names or bytes that Node cannot hand on' : `${numbers.join(' and ')} have to name its process`}): that takes \`env\` in PATH. Install coreutils, or change the environment.`,
    );
  const ignoring = ignored.length > 0 ? await ignoringWords(env, ignored) : [];
  const words = [...(ignoring ?? []), ...(prlimit ? [prlimit, '--core=0:0', '--'] : [])];
  return {
    limitsCores: prlimit !== undefined,
    warnings: ignoring
      ? []
      : [
          `the command does not ignore ${ignored.join(', ')}, as was asked for: that takes \`env\` of coreutils 8.31 or newer in PATH.`,
        ],
    with(environment) {
      if (!rebuilds) return { words, environment };
      const { args, environment: first } = rebuilt(environment, raw, numbers);
      return {
        words: ['/bin/sh', '-c', REBUILD, 'weightseal', ...args, env!, ...words],
        environment: first,
      };
    },
  };
}

/** What has the command ignore signals, which Node sets back in what it starts. Undefined where nothing here can. */
async function ignoringWords(
  env: string | undefined,
  ignored: readonly NodeJS.Signals[],
): Promise<string[] | undefined> {
  const names = ignored.map((name) => name.replace(/^SIG/, '')).join(',');
  const words = [env ?? '', `--ignore-signal=${names}`];
  if (env !== undefined && (await succeeds([...words, 'true']))) return words;
  // With a terminal it would redirect what it was not asked to.
  const terminal = [0, 1, 2].some((fd) => isatty(fd));
  const nohup = names === 'HUP' && !terminal ? await findProgram('nohup') : undefined;
  return nohup === undefined ? undefined : [nohup];
}

/** Whether a program does what it is to do, and ends with 0. @throws IO_ERROR where the process lacks something to start it */
export async function succeeds(
  [program, ...args]: readonly string[],
  environment?: NodeJS.ProcessEnv,
): Promise<boolean> {
  if (program === undefined) return false;
  const env = environment ?? { PATH: await searchPath() };
  try {
    const child = spawn(program, args, { stdio: 'ignore', env, timeout: DEADLINE_MS, killSignal: 'SIGKILL' });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code === 0;
  } catch (error) {
    const told = startError(error, program);
    if (isShortage(told)) throw told;
    return false;
  }
}
