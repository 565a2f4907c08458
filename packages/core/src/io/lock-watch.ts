import { readlinkSync } from 'node:fs';
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { randomBytes } from '../crypto.js';

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
    const found = await readFile(this.#path, 'utf8').catch(() => undefined);
    if (found === undefined) return true;
    if (!isLeft(found) && !(await this.#unrenewed(found))) return false;
    // Two may see it at the same time: each takes away what is there under a name of its own, and only one gets the dead one's.
    const aside = `${this.#path}.${randomBytes(8).toString('hex')}`;
    await rename(this.#path, aside).catch(() => {});
    const taken = await readFile(aside, 'utf8').catch(() => undefined);
    if (taken !== undefined && taken !== found) await rename(aside, this.#path).catch(() => {});
    await rm(aside, { force: true });
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

export async function timeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs;
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
