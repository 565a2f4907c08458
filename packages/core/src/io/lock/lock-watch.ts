import type { Stats } from 'node:fs';
import { link, lstat, rename, rm } from 'node:fs/promises';
import { divide } from '../output/directory.js';
import { temporaryName } from '../output/named.js';
import { contentOf, contentOfOurs, create, isLeft } from './lock-file.js';

/** What there is of somebody else's lock. `nobody`: something stands there that is no lock, or of a process that is no more, and will not go; whoever waited for it would wait for ever. */
export type Found = 'none' | 'removed' | 'held' | 'nobody';

/** Somebody else's lock, as it is seen over a while. Clocks of two machines need not agree: only whether its time changes counts. */
export class Watch {
  readonly #path: string;
  readonly #patienceMs: number;
  readonly #counts: (found: Stats) => boolean;
  /** The lock of who removes it. */
  readonly #turn: Watch | undefined;
  #seen = '';
  #since = 0;

  /** @param counts whose file is a lock at all; @param turn where the lock of who removes it is */
  constructor(
    path: string,
    patienceMs: number,
    turn?: string,
    counts: (found: Stats) => boolean = () => true,
  ) {
    this.#path = path;
    this.#patienceMs = patienceMs;
    this.#counts = counts;
    this.#turn = turn === undefined ? undefined : new Watch(turn, patienceMs);
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

  /**
   * Two may find it dead at the same time, and by the time that the second removes it, it may be the first one's: so whoever removes it has a lock for that, and looks again. That one
   * is held for a moment; only where its owner was killed in it, it is taken away without another.
   */
  async #remove(content: string): Promise<Found> {
    const turn = this.#turn;
    if (!turn) return await takeAway(this.#path, content);
    const mine = contentOfOurs();
    const made = await create(turn.#path, mine);
    if (made === 'impossible') return 'nobody';
    if (made === 'taken') return (await turn.look()) === 'nobody' ? 'nobody' : 'held';
    try {
      if ((await contentOf(this.#path)) === content) await rm(this.#path);
      return 'removed';
    } catch (error) {
      // In a sticky directory it is its owner's: it is as dead there.
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'nobody';
    } finally {
      if ((await contentOf(turn.#path)) === mine) await rm(turn.#path, { force: true }).catch(() => {});
    }
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

/** Takes away what is there, and puts it back if it has become another's. */
async function takeAway(path: string, content: string): Promise<Found> {
  // Not joined, which would take `..` back: where that leads behind a link only the kernel knows.
  const aside = `${divide(path).before}${temporaryName()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    // Some directories are not ours to write to.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'nobody';
  }
  if ((await contentOf(aside)) !== content) await link(aside, path).catch(() => {});
  await rm(aside, { force: true }).catch(() => {});
  return 'removed';
}
