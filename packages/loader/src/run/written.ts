import { lstat, opendir, realpath, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { kindOf } from '../machine/file-system.js';

/** A file that was written, outside of where the command's caches were led, while the command ran. */
export interface Written {
  readonly path: string;
  readonly bytes: number;
}

/** So many entries are looked at, so deep, and so many are told: a cache can hold millions. */
const MOST_SEEN = 50_000;
const DEPTH = 12;
/** The clock of files ticks slowly, and lags behind. */
const TICK_MS = 20;
const MOST_TOLD = 200;

/** A directory, and how deep to look into it. */
export interface LookedInto {
  readonly path: string;
  readonly depth?: number | undefined;
}

/**
 * The files of users in directories that have changed since, by their times: what the command has written there, or somebody else meanwhile. Not found is what lies elsewhere, what
 * was removed again, and what has an earlier time set. File systems in memory are left out: what is there is on no disk.
 */
export async function writtenSince(
  directories: readonly LookedInto[],
  since: number,
  uids: readonly number[],
): Promise<Written[]> {
  const search = new Search(since - TICK_MS, uids);
  for (const { path, depth = DEPTH } of directories) await search.into(path, depth);
  return search.found;
}

class Search {
  readonly found: Written[] = [];
  readonly #since: number;
  readonly #visited = new Set<string>();
  readonly #uids: readonly number[];
  #seen = 0;

  constructor(since: number, uids: readonly number[]) {
    this.#since = since;
    this.#uids = uids;
  }

  async into(directory: string, depth: number): Promise<void> {
    const real = await realpath(directory).catch(() => undefined);
    if (real === undefined || this.#visited.has(real)) return;
    this.#visited.add(real);
    const kind = await statfs(real).then(
      ({ type }) => kindOf(type),
      () => 'other' as const,
    );
    if (kind === 'other') await this.#look(real, depth);
  }

  async #look(directory: string, depth: number): Promise<void> {
    const entries = await opendir(directory).catch(() => undefined);
    if (!entries) return;
    for await (const entry of entries) {
      if (++this.#seen > MOST_SEEN || this.found.length >= MOST_TOLD) return;
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (depth > 0) await this.#look(path, depth - 1);
      } else if (entry.isFile()) await this.#file(path);
    }
  }

  async #file(path: string): Promise<void> {
    const stats = await lstat(path).catch(() => undefined);
    if (!stats || stats.size === 0 || !this.#uids.includes(stats.uid)) return;
    if (Math.max(stats.mtimeMs, stats.ctimeMs) >= this.#since) this.found.push({ path, bytes: stats.size });
  }
}
