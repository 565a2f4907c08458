import { constants, readFileSync, readlinkSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { type InodeId, keyOf } from './inode-id.js';

const O_NOATIME = 0o1000000;
/**
 * open(2), for reading. What is opened so can be told from what others open, in every process that inherits it: the open file is one and the same, and fdinfo shows how it was opened.
 * Backup programs and some libraries open with O_NOATIME; nobody appends to what can only be read.
 */
export const MARKED: number = constants.O_RDONLY | O_NOATIME | constants.O_APPEND;
const COMPARED = MARKED | constants.O_WRONLY | constants.O_RDWR;

/** A descriptor in some process. */
export interface Descriptor {
  readonly fd: number;
  readonly key: string;
  /** Whether it is of an open file that we have marked. */
  readonly marked: boolean;
}

const NO_FILE = /^(?:socket|pipe|anon_inode):/;
/** So many are looked at before others get their turn. */
const AT_ONCE = 256;

/** Inodes that are looked for, by their numbers alone, and by those of their file systems too. */
export interface Sought {
  readonly numbers: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
}

export function soughtAmong(inodes: readonly InodeId[]): Sought {
  return { numbers: new Set(inodes.map(({ ino }) => String(ino))), keys: new Set(inodes.map(keyOf)) };
}

/**
 * The descriptors of a process that lead to one of the inodes.
 *
 * @param directory of the process in /proc
 * @throws what the system says, but for what has ended meanwhile
 */
export async function descriptorsTo(directory: string, { numbers, keys }: Sought): Promise<Descriptor[]> {
  const found: Descriptor[] = [];
  for (const [index, fd] of (await readdir(`${directory}/fd`)).entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await turn();
    const one = look(directory, fd, numbers);
    if (one && keys.has(one.key)) found.push(one);
  }
  return found;
}

/** Synchronous, since each call is of microseconds, and a thousand turns of the system's pool are not. */
function look(directory: string, fd: string, numbers: ReadonlySet<string>): Descriptor | undefined {
  const path = `${directory}/fd/${fd}`;
  try {
    if (NO_FILE.test(readlinkSync(path))) return undefined;
    const info = infoOf(`${directory}/fdinfo/${fd}`);
    const ino = /^ino:\s*([0-9]+)$/m.exec(info)?.[1];
    // Since Linux 5.14 the kernel tells it. To ask the file itself can take for ever, where it lies on a dead network.
    if (ino !== undefined && !numbers.has(ino)) return undefined;
    return { fd: Number(fd), key: keyOf(statSync(path, { bigint: true })), marked: isMarked(info) };
  } catch (error) {
    // It was closed meanwhile.
    if (hasEnded(error)) return undefined;
    throw error;
  }
}

/** Not every kernel that has the rest of /proc has this. */
function infoOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (hasEnded(error)) return '';
    throw error;
  }
}

/** What /proc says of a process, or of a descriptor, that is there no more; EINVAL of the mounts of one that nobody has waited for. */
export function hasEnded(error: unknown): boolean {
  return ['ENOENT', 'ESRCH', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '');
}

export function isForbidden(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function isMarked(info: string): boolean {
  return (Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? '0', 8) & COMPARED) === MARKED;
}
