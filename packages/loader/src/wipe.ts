import { closeSync, constants, fchmodSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { closing } from '@weightseal/core';
import type { InodeId } from './inode-id.js';

const PIECE = 4 * 1_048_576;
/** What takes microseconds is done without the system's pool of threads, whose turns take longer. */
const SMALL = 65_536;
const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

/** Overwrites with zeros, and gives the memory back. The handle is open for writing. */
export async function overwrite(handle: FileHandle, size: number): Promise<void> {
  const zeros = new Uint8Array(Math.min(size, PIECE));
  for (let at = 0; at < size; ) {
    const { bytesWritten } = await handle.write(zeros, 0, Math.min(zeros.length, size - at), at);
    at += bytesWritten;
  }
  await handle.truncate(0);
}

/**
 * Does that to a file by its path, unless that leads to another inode by now: who shares the directory could have put anything there. Tells whether it was done.
 *
 * @param path without a link on its way that others could change and that leads to an inode of that number
 */
export async function wipeFile(path: string, { dev, ino }: InodeId): Promise<boolean> {
  const found = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = fstatSync(found, { bigint: true });
    if (stats.dev !== dev || stats.ino !== ino || !stats.isFile()) return false;
    // The mode keeps its owner from opening it for writing, too.
    fchmodSync(found, 0o600);
    const again = `/proc/self/fd/${found}`;
    if (stats.size <= SMALL) wipeAtOnce(again, Number(stats.size));
    else {
      const handle = await open(again, O_RDWR);
      await using _handle = closing(handle);
      await overwrite(handle, Number(stats.size));
    }
    return true;
  } finally {
    closeSync(found);
  }
}

function wipeAtOnce(path: string, size: number): void {
  const fd = openSync(path, O_RDWR);
  try {
    for (let at = 0; at < size; ) at += writeSync(fd, new Uint8Array(size - at), 0, size - at, at);
    ftruncateSync(fd, 0);
  } finally {
    closeSync(fd);
  }
}
