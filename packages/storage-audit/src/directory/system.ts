import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { findProgram, isWeightsealError, within } from '@weightseal/core';

/** What is asked of Linux, so that a test can answer. Each throws where it cannot be read. */
export interface DirectorySystem {
  /** /proc/self/mountinfo. */
  mounts(): Promise<string>;
  /** A file of /sys; undefined where there is none. */
  read(path: string): Promise<string | undefined>;
  /** The names in a directory of /sys; none where there is none. */
  names(path: string): Promise<readonly string[]>;
  /** The number of a device file, `8:1`. */
  device(path: string): Promise<string>;
  /** The attributes of a directory as `lsattr` writes them; undefined where it is not installed, or the file system has none. */
  attributes(path: string, signal: AbortSignal | undefined): Promise<string | undefined>;
}

const LSATTR_MS = 5_000;

export const LINUX: DirectorySystem = {
  mounts: () => readFile('/proc/self/mountinfo', 'utf8'),
  read: (path) => readFile(path, 'utf8').catch(noneOf(undefined)),
  names: (path) => readdir(path).catch(noneOf([])),
  device: async (path) => numberOf((await stat(path, { bigint: true })).rdev),
  async attributes(path, signal) {
    const program = await findProgram('lsattr');
    if (program === undefined) return undefined;
    try {
      return await within({ signal, deadlineMs: LSATTR_MS, doing: 'lsattr' }, async (stop) => {
        const { stdout } = await promisify(execFile)(program, ['-d', '--', path], { signal: stop });
        return stdout.split(' ', 1)[0];
      });
    } catch (error) {
      if (isWeightsealError(error) && error.code === 'ABORTED') throw error;
      return undefined;
    }
  },
};

/** `major:minor`, as the kernel writes it (glibc's `gnu_dev_major`, `gnu_dev_minor`). */
export function numberOf(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

function noneOf<T>(none: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return none;
    throw error;
  };
}
