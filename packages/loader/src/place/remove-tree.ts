import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import type { InodeId } from '../inode-id.js';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
const LINUX = process.platform === 'linux';
/** How a directory is opened only to reach what is in it, whatever its mode is: O_PATH of open(2). */
export const REACH: number = LINUX ? 0o10000000 : O_RDONLY;
/** A process that still makes files there could keep us for ever. */
const ROUNDS = 3;

/**
 * Removes all that is in a directory, to any depth, but for one name. Links are removed and not followed; each directory is reached by its descriptor, so that no name that
 * is swapped meanwhile leads out; what is mounted in it stays. Synchronous, since an exiting process runs nothing else.
 *
 * @param directory as this process reaches it
 * @param path what it is called for people
 * @returns the paths of what could not be removed
 */
export function removeAllIn(directory: string, path: string, except: string): string[] {
  let left: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    left = new Removal(directory, path).all(Buffer.from(except));
    if (left.length === 0) break;
  }
  return left;
}

class Removal {
  readonly #top: string;
  readonly #path: string;
  #mount = '';
  readonly #left: string[] = [];
  /** Names in the top directory. A tree is as deep as somebody makes it: each directory that is found is brought up here first, and so needs no more than one descriptor. */
  readonly #directories: Buffer[] = [];

  constructor(top: string, path: string) {
    this.#top = top;
    this.#path = path;
  }

  all(except: Buffer): string[] {
    try {
      withDirectory(this.#top, (fd, reached) => {
        this.#mount = mountOf(fd);
        chmodSync(reached, 0o700);
      });
      for (const name of namesIn(this.#top)) {
        if (!name.equals(except) && !this.#unlink(this.#top, this.#path, name)) this.#directories.push(name);
      }
      for (let next = this.#directories.pop(); next; next = this.#directories.pop())
        this.#removeDirectory(next);
    } catch {
      this.#left.push(this.#path);
    }
    return this.#left;
  }

  /** Whether there is nothing more to do: false where it may be a directory. */
  #unlink(directory: string, path: string, name: Buffer): boolean {
    try {
      unlinkSync(joined(directory, name));
    } catch (error) {
      // EPERM is what others than Linux say of a directory.
      if (['EISDIR', 'EPERM'].includes(codeOf(error))) return false;
      if (codeOf(error) !== 'ENOENT') this.#left.push(`${path}/${name}`);
    }
    return true;
  }

  #removeDirectory(name: Buffer): void {
    const path = `${this.#path}/${name}`;
    try {
      this.#within(joined(this.#top, name), (reached) => {
        for (const inner of namesIn(reached)) {
          if (!this.#unlink(reached, path, inner)) this.#bringUp(reached, path, inner);
        }
      });
      rmdirSync(joined(this.#top, name));
    } catch (error) {
      const told = this.#left.some((one) => one.startsWith(`${path}/`));
      if (codeOf(error) !== 'ENOENT' && !told) this.#left.push(path);
    }
  }

  #bringUp(directory: string, path: string, name: Buffer): void {
    const above = Buffer.from(`.${randomBytes(8).toString('hex')}`);
    try {
      // A directory that we may not write to cannot be moved: its `..` changes.
      this.#within(joined(directory, name), () => {});
      renameSync(joined(directory, name), joined(this.#top, above));
      this.#directories.push(above);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.#left.push(`${path}/${name}`);
    }
  }

  /** In a directory of ours, and not in one that is mounted there. Made one that we may read and write. */
  #within(path: Buffer, use: (reached: string) => void): void {
    withDirectory(path, (fd, reached) => {
      if (mountOf(fd) !== this.#mount) throw new Error('This is another mount.');
      chmodSync(reached, 0o700);
      use(reached);
    });
  }
}

/** So deep a tree is looked through for files that are used. What is deeper is removed all the same, and freed with its last user. */
const DEPTH = 64;

/** The inodes of the files in a directory, its subdirectories included. */
export function inodesIn(directory: string | Buffer, depth = 0): InodeId[] {
  try {
    return withDirectory(directory, (_, reached) =>
      namesIn(reached).flatMap((name) => {
        const path = joined(reached, name);
        const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
        if (stats?.isDirectory()) return depth < DEPTH ? inodesIn(path, depth + 1) : [];
        return stats ? [{ dev: stats.dev, ino: stats.ino }] : [];
      }),
    );
  } catch {
    // Another thing by now, or one that we may not look into.
    return [];
  }
}

/** @param use gets the descriptor, and a path that leads to just this directory, where the system has one */
function withDirectory<T>(path: string | Buffer, use: (fd: number, reached: string) => T): T {
  const follow = typeof path === 'string' ? 0 : O_NOFOLLOW;
  const fd = openSync(path, REACH | O_DIRECTORY | follow);
  try {
    return use(fd, LINUX ? `/proc/self/fd/${fd}` : String(path));
  } finally {
    closeSync(fd);
  }
}

/** The mount that a descriptor came through: two can be of one and the same file system. */
function mountOf(fd: number): string {
  if (!LINUX) return '';
  return /^mnt_id:\s*([0-9]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '';
}

/** Names are bytes, and need not be text. */
function namesIn(directory: string): Buffer[] {
  return readdirSync(directory, { encoding: 'buffer' });
}

function joined(directory: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), name]);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
