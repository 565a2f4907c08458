import { constants, copyFile, lstat, rename, rm } from 'node:fs/promises';
import { throwIfAborted } from '../errors.js';
import { FLOE_HEADER } from '../format/sizes.js';
import { FileSource, readExactly } from '../io/byte-source.js';
import type { Expected } from './checks.js';
import { FollowingDigest } from './following-digest.js';
import type { Put } from './place.js';
import { isSealedHead } from './plan.js';

const NOT_FOLLOWED = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

/** Whether a file on this machine is what is expected, all of it read; undefined where it is not. */
export async function whatLies(
  path: string,
  size: number,
  expected: Expected,
  signal: AbortSignal | undefined,
): Promise<Pick<Put, 'sealed'> | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isFile() || found.size !== size) return undefined;
  await using source = await FileSource.open(path, NOT_FOLLOWED);
  await using digest = new FollowingDigest(expected, size);
  await digest.all(source.fd, size, () => throwIfAborted(signal));
  if (!(await digest.matches())) return undefined;
  const head = await readExactly(source, 0, Math.min(size, FLOE_HEADER), signal);
  return { sealed: isSealedHead(head) };
}

/** Copies what lies on this machine, by reference where the file system can, and gives it its name where it is what is expected. */
export async function takeLocal(
  from: string,
  to: { readonly made: string; readonly path: string },
  size: number,
  expected: Expected,
  signal: AbortSignal | undefined,
): Promise<Pick<Put, 'sealed'> | undefined> {
  const found = await lstat(from).catch(() => undefined);
  if (!found?.isFile() || found.size !== size) return undefined;
  throwIfAborted(signal);
  await rm(to.made, { force: true });
  try {
    await copyFile(from, to.made, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    const lies = await whatLies(to.made, size, expected, signal);
    if (lies) await rename(to.made, to.path);
    return lies;
  } catch (error) {
    throwIfAborted(signal);
    // Where it cannot be read here, it comes from where it was released; a disk that is full says so there.
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    return undefined;
  } finally {
    await rm(to.made, { force: true });
  }
}
