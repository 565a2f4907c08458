import { lstatSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { WeightsealError } from '@weightseal/core';

/** The names that are looked for. */
export const CONFIG_NAMES: readonly string[] = ['ts', 'js', 'mjs', 'json', 'yaml', 'yml'].map(
  (extension) => `weightseal.config.${extension}`,
);

const WRITABLE_BY_ALL = 0o002;
const PROGRAM = /\.(?:ts|js|mjs)$/;

export interface FindOptions {
  /** Where the search begins; the working directory unless told. */
  readonly cwd?: string | undefined;
  /** Where WEIGHTSEAL_CONFIG is looked up; the environment of the process unless told. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * The configuration file that counts: what WEIGHTSEAL_CONFIG names, or else the one in the directory or the nearest one above
 * it that has one. Costs a few calls of `stat`, and loads nothing.
 *
 * A file that was only found may have come with a downloaded model, and it decides who can open what is sealed. So one that is a
 * program, or that somebody else could have put there, is refused: whoever means it names it.
 *
 * @throws CONFIG_INVALID when a directory has two, when it is a program, or when somebody else owns the file or can write to it
 */
export function findConfig({ cwd = process.cwd(), env = process.env }: FindOptions = {}): string | undefined {
  const named = env['WEIGHTSEAL_CONFIG'];
  if (named) return resolve(cwd, named);
  for (let directory = resolve(cwd); ; directory = dirname(directory)) {
    const [found, second] = CONFIG_NAMES.map((name) => join(directory, name)).filter(isFile);
    if (found !== undefined && second !== undefined) {
      throw invalid(
        `There is ${found}, and there is ${second}. Keep one of them, or name one with --config.`,
      );
    }
    if (found !== undefined) return trusted(found);
    if (directory === dirname(directory)) return undefined;
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    // A directory that may not be searched, or a name above that is no directory.
    return false;
  }
}

function trusted(path: string): string {
  const problem = PROGRAM.test(path) ? 'is a program' : strangers(path);
  if (problem === undefined) return path;
  throw invalid(
    `${path} ${problem}, so it is not used just because it is there. If you trust it, name it with --config or WEIGHTSEAL_CONFIG.`,
  );
}

function strangers(path: string): string | undefined {
  const me = process.geteuid?.();
  if (me === undefined) return undefined;
  const { uid, mode } = statSync(path);
  // Of a link too: it could lead to any file of ours, or of root's, and have it taken for the configuration, or run.
  const owners = [uid, lstatSync(path).uid];
  if (owners.some((owner) => owner !== me && owner !== 0)) return 'belongs to another user';
  return mode & WRITABLE_BY_ALL ? 'can be written to by everybody' : undefined;
}

function invalid(message: string): WeightsealError {
  return new WeightsealError('CONFIG_INVALID', message);
}
