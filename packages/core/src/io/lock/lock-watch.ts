import type { Stats } from 'node:fs';
import { constants, lstat, open, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { randomBytes } from '../../common/crypto.js';
import { closing } from '../closing.js';
import { readlinkSync } from '../sync-fs.js';

// Windows has neither.
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
const MAX_BYTES = 512;

/** What there is of somebody else's lock. `nobody`: something stands there that is no lock, or of a process that is no more, and will not go; whoever waited for it would wait for ever. */
export type Found = 'none' | 'removed' | 'held' | 'nobody';

/** Somebody else's lock, as it is seen over a while. Clocks of two machines need not agree: only whether its time changes counts. */
export class Watch {
  readonly #path: string;
  readonly #patienceMs: number;
  readonly #counts: (found: Stats) => boolean;
  #seen = '';
  #since = 0;

  /** @param counts whose file is a lock at all */
  constructor(path: string, patienceMs: number, counts: (found: Stats) => boolean = () => true) {
    this.#path = path;
    this.#patienceMs = patienceMs;
    this.#counts = counts;
  }

  /** Looks at it, and removes it if its process is dead and we may. */
  async look(): Promise<Found> {
    try {
      const found = await lstat(this.#path);
      // Ours are regular files. A directory or a link is no lock, and not ours to remove.
      if (!found.isFile() || !this.#counts(found)) return 'nobody';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'nobody';
    }
    const content = await contentOf(this.#path);
    if (content === undefined) return 'none';
    if (!isLeft(content) && !(await this.#unrenewed(content))) return 'held';
    return await this.#remove(content);
  }

  async #remove(content: string): Promise<Found> {
    // Two may see it at the same time: each takes away what is there under a name of its own, and only one gets the dead one's.
    const aside = `${this.#path}.${randomBytes(8).toString('hex')}`;
    try {
      await rename(this.#path, aside);
    } catch (error) {
      // In a sticky directory it is its owner's, and some directories are not ours to write to: it is as dead there.
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'nobody';
    }
    if ((await contentOf(aside)) !== content) await rename(aside, this.#path).catch(() => {});
    await rm(aside, { force: true }).catch(() => {});
    return 'removed';
  }

  async #unrenewed(content: string): Promise<boolean> {
    const seen = `${(await lstat(this.#path).catch(() => undefined))?.mtimeMs} ${content}`;
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.#since = performance.now();
    }
    return performance.now() - this.#since > this.#patienceMs;
  }
}

/** What a lock file says; undefined where there is none. Others may put anything in its place: it is not followed, and not waited for. */
export async function contentOf(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    await using _file = closing(file);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : '';
  }
}

/** Whether its process is of this machine and dead. What runs on another one, or in another container, cannot be seen from here. */
function isLeft(content: string): boolean {
  const [, place, pid] = /^(\S+) ([0-9]+) [0-9a-f]{16}\n$/.exec(content) ?? [];
  return place === thisPlace() && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Where this process's number means this process. */
export function thisPlace(): string {
  const host = encodeURIComponent(hostname());
  try {
    return `${host}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return host;
  }
}
