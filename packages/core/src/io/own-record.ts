import { constants, type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ioError, WeightsealError } from '../errors.js';
import { closing } from './closing.js';
import { openOwn } from './lock/own-file.js';
import { OutputFile } from './output/output-file.js';
import { stateDirectory } from './state-directory.js';

// What is remembered for this user from one process to the next, where to forget it would be worse than to stop.

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
const MAX_BYTES = 65_536;

/** Where a record is: which kind of it, and its name among those. */
export interface OwnRecord {
  readonly kind: string;
  /** Letters and digits. */
  readonly name: string;
}

/**
 * Changes a small record in the user's state directory, one after another, also of several processes. It is replaced in one step, and durable when this resolves: a process that is killed leaves the old one or
 * the new.
 *
 * @param change what stood there, undefined for nothing; gives what is to stand there, undefined to leave it. What it throws is thrown, and nothing is changed
 * @returns false where there is no such directory, or it is not this user's own: then `change` is not called
 * @throws IO_ERROR, NO_SPACE, ABORTED
 * @hidden
 */
export async function changeOwnRecord(
  { kind, name }: OwnRecord,
  change: (before: Uint8Array | undefined) => Uint8Array | undefined,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<boolean> {
  const directory = await stateDirectory(kind);
  if (directory === undefined) return false;
  const path = join(directory, name);
  // Another file than the record: a lock is on an inode, and the record is another one after each change.
  await using locked = await openOwn(`${path}.lock`, options);
  if (!locked) return false;
  const after = change(await contentOf(path));
  if (after === undefined) return true;
  await using file = await OutputFile.create(path, true, 0o600);
  await file.write(after, 0);
  await file.publish();
  return true;
}

async function contentOf(path: string): Promise<Uint8Array | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw ioError(error, `read ${path}`);
  }
  await using _file = closing(file);
  const { size } = await file.stat();
  if (size > MAX_BYTES) throw new WeightsealError('IO_ERROR', `${path} is none of ours; move it away.`);
  return await file.readFile().catch((error: unknown) => {
    throw ioError(error, `read ${path}`);
  });
}
