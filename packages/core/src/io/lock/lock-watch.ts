import { constants, readlinkSync } from 'node:fs';
import { lstat, open, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { randomBytes } from '../../crypto.js';

// Windows has neither.
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
const MAX_BYTES = 512;

/** Somebody else's lock, as it is seen over a while. Clocks of two machines need not agree: only whether its time changes counts. */
export class Watch {
  readonly #path: string;
  readonly #patienceMs: number;
  #seen = '';
  #since = 0;

  constructor(path: string, patienceMs: number) {
    this.#path = path;
    this.#patienceMs = patienceMs;
  }

  /** Removes it if its process is dead. Resolves to whether there may be none now. */
  async takeOver(): Promise<boolean> {
    const found = await contentOf(this.#path);
    if (found === undefined) return true;
    if (!isLeft(found) && !(await this.#unrenewed(found))) return false;
    // Two may see it at the same time: each takes away what is there under a name of its own, and only one gets the dead one's.
    const aside = `${this.#path}.${randomBytes(8).toString('hex')}`;
    const moved = await rename(this.#path, aside).then(
      () => true,
      () => false,
    );
    if (!moved) return false;
    if ((await contentOf(aside)) !== found) await rename(aside, this.#path).catch(() => {});
    await rm(aside, { force: true }).catch(() => {});
    return true;
  }

  async #unrenewed(content: string): Promise<boolean> {
    const seen = `${await timeOf(this.#path)} ${content}`;
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
    await using file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : '';
  }
}

export async function timeOf(path: string): Promise<number | undefined> {
  return (await lstat(path).catch(() => undefined))?.mtimeMs;
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
