import { stat } from 'node:fs/promises';
import {
  checkOptions,
  checkPath,
  comparePaths,
  ioError,
  type OnProgress,
  shown,
  throwIfAborted,
} from '@weightseal/core';
import { GIT_NAMES, type Resource } from '../statement/model.js';
import { hashFiles } from './hash-files.js';
import { type FoundFile, filesOf } from './walk.js';

export interface DirectoryOptions {
  /** Files that are passed over, and directories with all that is in them: paths below the directory. The names of git unless told (`GIT_NAMES`). */
  readonly ignorePaths?: readonly string[] | undefined;
  /** Whether links to files count as the files that they lead to, wherever that is; false unless told, and they are refused. */
  readonly allowSymlinks?: boolean | undefined;
  /** Told of bytes that are hashed. */
  readonly onProgress?: OnProgress | undefined;
  /** Ends it early. */
  readonly signal?: AbortSignal | undefined;
}

export const OPTIONS = {
  ignorePaths: 'strings',
  allowSymlinks: 'boolean',
  onProgress: 'function',
  signal: 'signal',
} as const;

/** Fewer bytes are hashed before a thread has begun. */
const SMALL_BYTES = 1 << 24;

/**
 * The files of a directory with their digests, sorted: what `statementOf` makes a statement of.
 *
 * @throws PATH_INVALID, LINK_INVALID, INPUT_CHANGED, INPUT_NOT_FOUND, IO_ERROR, ABORTED, INVALID_ARGUMENT
 */
export async function resourcesOfDirectory(
  directory: string | URL,
  options: DirectoryOptions = {},
): Promise<readonly Resource[]> {
  const root = checkPath(directory, 'The directory');
  checkOptions(options, OPTIONS, 'Hashing a directory');
  const { ignorePaths = GIT_NAMES, allowSymlinks = false, signal } = options;
  const files = await filesOf(root, { ignorePaths, allowSymlinks, signal });
  return await digestsOf(files, options);
}

export async function digestsOf(
  files: readonly FoundFile[],
  { allowSymlinks = false, onProgress, signal }: DirectoryOptions,
): Promise<readonly Resource[]> {
  const sorted = files.toSorted((a, b) => comparePaths(a.name, b.name));
  let total = 0;
  for (const file of sorted) {
    throwIfAborted(signal);
    total += await sizeOf(file);
  }
  let done = 0;
  onProgress?.({ bytes: 0, total });
  const onBytes = (bytes: number) => {
    done += bytes;
    if (bytes > 0) onProgress?.({ bytes: done, total });
  };
  const how = { follow: allowSymlinks, signal, onBytes };
  const digests = await hashFiles(sorted, how, total < SMALL_BYTES);
  return sorted.map(({ name }, at) => ({ name, digest: digests[at]! }));
}

async function sizeOf({ name, path }: FoundFile): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw ioError(error, `read ${shown(name)}`);
  }
}
