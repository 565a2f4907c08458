import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink, realpath, rmdir, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ioError } from '@weightseal/core';
import { lifeOf, MARK, ownerOf } from './owner.js';
import { usualPlaces } from './place/existing.js';
import { byDescriptor } from './place/space.js';
import { inodeInMaps, processesWith } from './processes.js';

export interface SweepOptions {
  /** Where to look; the default is every place where the loader puts things by itself. */
  readonly directories?: readonly string[] | undefined;
  /**
   * Whether to remove also what was left by another PID namespace, that is by another container that shares the directory: from here nobody can see whether its
   * owner lives. The default is false.
   */
  readonly elsewhere?: boolean | undefined;
}

export interface Swept {
  /** The directories that were removed. */
  readonly removed: readonly string[];
  /** Those that stay: their owner lives, or may live in another container, or a process still uses what is in them. */
  readonly kept: readonly {
    readonly path: string;
    readonly why: 'lives' | 'elsewhere' | 'in-use' | 'failed';
  }[];
}

/** Finds what a killed process has left, and removes it. Never touches what a living process has made, or what another user has. */
export async function sweep(options: SweepOptions = {}): Promise<Swept> {
  const removed: string[] = [];
  const kept: Swept['kept'][number][] = [];
  for (const path of await candidates(options.directories)) {
    const life = await lifeOf(ownerOf(basename(path))!);
    if (life === 'lives' || (life === 'elsewhere' && !options.elsewhere)) {
      if (await isOurs(path)) kept.push({ path, why: life });
      continue;
    }
    const outcome = await remove(path);
    if (outcome === 'removed') removed.push(path);
    else if (outcome !== 'not-ours') kept.push({ path, why: outcome });
  }
  return { removed, kept };
}

/** Directories with a name as ours have, in the places, or named themselves. */
async function candidates(directories: readonly string[] | undefined): Promise<string[]> {
  const found: string[] = [];
  for (const place of directories ?? usualPlaces()) {
    const directory = await realpath(place).catch(() => place);
    const names = await readdir(directory).catch((error: unknown) => {
      if (directories) throw ioError(error, `look into ${place}`);
      return [];
    });
    if (ownerOf(basename(directory))) found.push(directory);
    else found.push(...names.filter((name) => ownerOf(name)).map((name) => join(directory, name)));
  }
  return found;
}

const swept = new Map<string | undefined, Promise<unknown>>();

/** What the processes before this one have left goes with the first load of this one, in the usual places and in the one that is named. */
export async function sweepOnce(directory?: string): Promise<void> {
  for (const place of new Set([undefined, directory])) {
    const sweeping = swept.get(place) ?? sweep({ directories: place === undefined ? undefined : [place] });
    swept.set(
      place,
      sweeping.catch(() => {}),
    );
  }
  await Promise.all(swept.values());
}

async function openOurs(path: string): Promise<FileHandle | undefined> {
  const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
  const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch(() => undefined);
  if (!handle || (await handle.stat()).uid === process.geteuid?.()) return handle;
  // Another user's, who could swap what is in it while we remove it; also where we are root.
  await handle.close();
  return undefined;
}

/** Whether it was made under the name that it has. One that was killed before it made the mark is empty. */
async function isMarked(directory: string, path: string): Promise<boolean> {
  return (await readlink(`${directory}/${MARK}`).catch(() => '')) === basename(path);
}

async function isOurs(path: string): Promise<boolean> {
  await using handle = await openOurs(path);
  return handle !== undefined;
}

async function remove(path: string): Promise<'removed' | 'in-use' | 'failed' | 'not-ours'> {
  await using handle = await openOurs(path);
  if (!handle) return 'not-ours';
  const directory = byDescriptor(handle);
  try {
    const names = await readdir(directory);
    if (names.length > 0 && !(await isMarked(directory, path))) return 'not-ours';
    const stats = await Promise.all(names.map((name) => lstat(`${directory}/${name}`, { bigint: true })));
    // A command that outlives the `run` that started it: removing the directory would take its mount away too.
    const mapped = await processesWith('maps', stats.map(inodeInMaps));
    const mounted = await processesWith('mountinfo', [path]);
    if (mapped === undefined || mounted === undefined || mapped.length + mounted.length > 0) return 'in-use';
    // Not wiped: somebody may still read it through a descriptor. The kernel frees it with the last one.
    for (const name of names) await unlink(`${directory}/${name}`);
    await rmdir(path);
    return 'removed';
  } catch {
    return 'failed';
  }
}
