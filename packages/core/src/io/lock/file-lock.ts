import { constants, lstat } from 'node:fs/promises';
import { ioError, throwIfAborted } from '../../errors.js';
import { FileSource, inputChanged } from '../byte-source.js';
import { followLinks } from '../follow-links.js';
import { durableFlags } from '../output/durable.js';
import { lockByProgram } from './flock.js';
import { awaitBeside, lockBeside } from './lock-beside.js';
import { tellingWait } from './telling-wait.js';
import { inTurn } from './turns.js';

/** Of two that would change a file, the second begins when the first is done. */
export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once, when another one has had the file for longer than a moment. What it throws ends the wait. */
  readonly onWait?: (() => void) | undefined;
}

/** A file that nobody else changes who asks first, until it is disposed of. */
export interface LockedFile extends AsyncDisposable {
  readonly file: FileSource;
}

/** How often the file may be replaced while it is waited for: on some mounts a file seems to be another one at each look. */
const TRIES = 100;
/** What systems say of a file that may be read and not written. */
const NOT_FOR_WRITING = ['EACCES', 'EPERM', 'EROFS', 'ETXTBSY', 'ERR_ACCESS_DENIED'];

/**
 * Opens a file for changing it, after everybody else who has done the same: in this process, and in others. Whoever had to wait gets what stands under
 * the path then, which may be another file.
 *
 * @param writing whether the file itself is to be written; else it is going to be replaced
 * @throws INPUT_NOT_FOUND, INVALID_ARGUMENT, IO_ERROR, ABORTED, and what `onWait` throws
 */
export async function openLocked(path: string, writing: boolean, options: LockOptions): Promise<LockedFile> {
  return await tellingWait(options.onWait, options.signal, async (signal, contended) => {
    for (let left = TRIES; left > 0; left--) {
      throwIfAborted(signal);
      const target = await followLinks(path).catch((error: unknown) => {
        throw ioError(error, `open ${path}`);
      });
      const locked = await openAndLock(target, writing, signal, contended);
      try {
        if (await stillNamed(locked.file)) return locked;
      } catch (error) {
        await locked[Symbol.asyncDispose]();
        throw error;
      }
      await locked[Symbol.asyncDispose]();
    }
    throw inputChanged(path);
  });
}

async function openAndLock(
  target: string,
  writing: boolean,
  signal: AbortSignal | undefined,
  contended: () => void,
): Promise<LockedFile> {
  const file = await openFor(target, writing);
  let endTurn: (() => void) | undefined;
  try {
    const inode = await file.stat();
    endTurn = await inTurn(`${inode.dev}:${inode.ino}`, signal, contended);
    const locked = await lockByProgram(file.handle, signal, contended);
    if (locked) await awaitBeside(target, inode, signal, contended);
    const unlock = locked ? undefined : await lockBeside(target, inode, signal, { contended });
    return { file, [Symbol.asyncDispose]: () => release(file, unlock, endTurn) };
  } catch (error) {
    await release(file, undefined, endTurn);
    throw error;
  }
}

async function release(
  file: FileSource,
  unlock: (() => Promise<void>) | undefined,
  endTurn: (() => void) | undefined,
): Promise<void> {
  try {
    await unlock?.();
  } finally {
    try {
      // With its descriptor goes the lock of the system.
      await file[Symbol.asyncDispose]();
    } finally {
      endTurn?.();
    }
  }
}

/** A lock over a network needs a file that is open for writing. */
async function openFor(target: string, writing: boolean): Promise<FileSource> {
  try {
    return await FileSource.open(target, constants.O_RDWR | durableFlags());
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
    if (writing || !NOT_FOR_WRITING.includes(code ?? '')) throw error;
    return await FileSource.open(target);
  }
}

/** A reseal replaces the file, and is over then: its lock is on what was there before. */
async function stillNamed(file: FileSource): Promise<boolean> {
  const named = await lstat(file.path, { bigint: true }).catch(() => undefined);
  const own = await file.stat();
  return named?.ino === own.ino && named.dev === own.dev;
}
