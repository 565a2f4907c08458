import { constants, open } from 'node:fs/promises';
import { isWeightsealError } from '../../errors.js';
import { type LockedFile, type LockOptions, openLocked } from './file-lock.js';

const { O_RDWR, O_CREAT, O_NOFOLLOW = 0 } = constants;
const OTHERS = 0o077;

/**
 * A file of this user's that nobody else can read, in a directory of what outlives a process; made where there is none. Undefined where it cannot be had, or is somebody else's.
 *
 * @throws ABORTED
 */
export async function openOwn(path: string, options: LockOptions): Promise<LockedFile | undefined> {
  try {
    await (await open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)).close();
    const locked = await openLocked(path, true, options);
    const { uid, mode } = await locked.file.stat();
    const ours =
      process.platform === 'win32' || (Number(uid) === process.geteuid?.() && (Number(mode) & OTHERS) === 0);
    if (ours) return locked;
    await locked[Symbol.asyncDispose]();
    return undefined;
  } catch (error) {
    if (isWeightsealError(error) && error.code === 'ABORTED') throw error;
    return undefined;
  }
}
