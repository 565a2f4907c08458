import { constants, lstat, rename, rm } from 'node:fs/promises';
import { writeNew } from '../bundle/write-new.js';
import { isWeightsealError, throwIfAborted } from '../errors.js';
import { FLOE_HEADER } from '../format/sizes.js';
import { FileSource, readExactly } from '../io/byte-source.js';
import type { Expected } from './checks.js';
import { FollowingDigest } from './following-digest.js';
import { ofFile } from './piece.js';
import type { Put } from './place.js';
import { isSealedHead } from './plan.js';
import { OtherBytes, type Progress, pour } from './pour.js';

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

/**
 * Copies what lies on this machine, and gives it its name where it is what is expected. It is written anew: whose file the older one is, and who may write to it, says nothing of the release.
 */
export async function takeLocal(
  from: string,
  to: { readonly made: string; readonly path: string },
  size: number,
  expected: Expected,
  signal: AbortSignal,
  progress: Progress,
): Promise<Pick<Put, 'sealed'> | undefined> {
  const found = await lstat(from).catch(() => undefined);
  if (!found?.isFile() || found.size !== size) return undefined;
  throwIfAborted(signal);
  let told = 0;
  try {
    await rm(to.made, { recursive: true, force: true });
    await using piece = ofFile(await FileSource.open(from, NOT_FOLLOWED));
    // It may be another one than was looked at.
    if (piece.source.size !== size) return undefined;
    const count = (bytes: number) => {
      told += bytes;
      progress(bytes);
    };
    const sealed = await writeNew(to.made, (write) => pour(piece, write, signal, count, expected));
    await rename(to.made, to.path);
    return { sealed };
  } catch (error) {
    throwIfAborted(signal);
    progress(-told);
    // Where it cannot be read here, it comes from where it was released; a disk that is full says so there.
    if (error instanceof OtherBytes || isWeightsealError(error)) return undefined;
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    return undefined;
  } finally {
    await rm(to.made, { force: true });
  }
}
