import { fs, path } from './builtins.js';

/** What Linux calls /dev/null: 1:3. */
const NULL_DEVICE = 0x103;
const ACCESS_MODE = 0o3;

/** Whether /dev/null is open there. */
export function isNull(fd: number): boolean {
  try {
    const { rdev } = fs.fstatSync(fd);
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
