import type { BigIntStats } from 'node:fs';
import { fs, path } from './builtins.js';

/** What Linux calls /dev/null: 1:3. */
const NULL_DEVICE = 0x103n;
const ACCESS_MODE = 0o3;

/**
 * What is open there. With large numbers, since Node 22 keeps the small ones of the last call, takes what it imports next for a pipe if that was one, and
 * then does not follow links to packages: the library would be loaded twice.
 *
 * @throws what fstat(2) says, as Node puts it
 */
export function statOf(fd: number): BigIntStats {
  return fs.fstatSync(fd, { bigint: true });
}

/** Whether /dev/null is open there. */
export function isNull(fd: number): boolean {
  try {
    const { rdev } = statOf(fd);
    return process.platform === 'linux' && rdev === NULL_DEVICE;
  } catch {
    return false;
  }
}

/** O_RDONLY, O_WRONLY or O_RDWR; undefined where it cannot be seen: it is of Linux, and /proc may be shut. */
export function accessMode(fd: number): number | undefined {
  try {
    const [, flags] = /^flags:\s*([0-7]+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')) ?? [];
    return flags === undefined ? undefined : Number.parseInt(flags, 8) & ACCESS_MODE;
  } catch {
    return undefined;
  }
}

/** The name of the file that is open there; undefined for what has none. */
export function fileName(fd: number): string | undefined {
  try {
    return path.basename(fs.readlinkSync(`/proc/self/fd/${fd}`));
  } catch {
    return undefined;
  }
}
