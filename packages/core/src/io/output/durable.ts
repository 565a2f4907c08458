import { constants, type FileHandle } from 'node:fs/promises';
import { fdatasync, fsync, fsyncSync } from '../sync-fs.js';

/** What makes bytes durable where Node's permission model, since Node 26, refuses every fsync: writes that wait for the disk. */
const O_DSYNC: number | undefined = constants.O_DSYNC;
let denied: boolean | undefined;

/** Node checks its permission before it looks at the descriptor, so that one that is surely none tells the two apart. */
function syncIsDenied(): boolean {
  if (process.permission === undefined) return false;
  denied ??= probe();
  return denied;
}

function probe(): boolean {
  try {
    fsyncSync(0x7fffffff);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_ACCESS_DENIED';
  }
}

/**
 * What to add to the flags of open(2) for a file that {@link makeDurable} is to be called for.
 *
 * @hidden
 */
export function durableFlags(): number {
  return syncIsDenied() ? (O_DSYNC ?? 0) : 0;
}

/**
 * Resolves when every byte written so far would outlive a loss of power. The file was opened with {@link durableFlags}.
 * @param how `datasync` where the file had its name, mode and size before
 * @hidden
 */
export async function makeDurable(handle: FileHandle, how: 'sync' | 'datasync' = 'sync'): Promise<void> {
  if (syncIsDenied()) return;
  await (PLUG_AND_PLAY ? byDescriptor(handle.fd, how) : handle[how]());
}

/** Yarn puts handles of its own in the place of Node's, which cannot sync. */
const PLUG_AND_PLAY = process.versions['pnp'] !== undefined;

function byDescriptor(fd: number, how: 'sync' | 'datasync'): Promise<void> {
  const call = how === 'sync' ? fsync : fdatasync;
  return new Promise((resolve, reject) => call(fd, (error) => (error ? reject(error) : resolve())));
}
