import { constants } from 'node:fs';
import { chmod, type FileHandle, open, readdir, readlink, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { checkKinds, checkPath, ioError, sweepOutputs } from '@weightseal/core';
import { lifeOf, MARK, ownerOf } from './owner.js';
import { usualPlaces } from './place/existing.js';
import { removeMarked } from './place/remove-marked.js';
import { inodesIn, REACH } from './place/remove-tree.js';
import { byDescriptor } from './place/space.js';
import { usesOf } from './processes.js';

export interface SweepOptions {
  /** Where to look; the default is every place where the loader puts things by itself, and where processes of this user's have begun to open or seal a directory. */
  readonly directories?: readonly (string | URL)[] | undefined;
  /**
   * Whether to remove also what was left by another PID namespace, that is by another container that shares the directory, or by another machine: from here nobody can see whether its
   * owner lives. The default is false.
   */
  readonly elsewhere?: boolean | undefined;
  /** Whether to remove also what a seal, reseal or copy that was cut off has done, with which the same command would go on; all of it is sealed. The default is false. */
  readonly unfinished?: boolean | undefined;
}

export interface Swept {
  /** The directories that were removed. */
  readonly removed: readonly string[];
  readonly kept: readonly Kept[];
}

/**
 * A directory that stays. `lives`: its owner does; `elsewhere`: that may live in another container; `in-use`: a process still maps, opens or mounts what is in it; `unfinished`: a seal that was cut
 * off goes on with it; `unmarked`: what has our name for it and lacks our mark, so that nobody can tell whether it is ours; `failed`: the system did not let it be removed.
 */
export interface Kept {
  readonly path: string;
  readonly why: 'lives' | 'elsewhere' | 'in-use' | 'unfinished' | 'unmarked' | 'failed';
  /** For `failed`: the paths of what is left. */
  readonly left?: readonly string[];
}

/** So many directories are looked at together, with one look at the processes for all. */
const TOGETHER = 32;

/**
 * Finds what a killed process has left, and removes it: of models that were loaded, and of directories that were being opened or sealed. Never touches what a living process has made, or what
 * another user has.
 */
export async function sweep(options: SweepOptions = {}): Promise<Swept> {
  const { directories, elsewhere, unfinished } = checkKinds(
    options,
    'sweep',
    { directories: 'list', elsewhere: 'boolean', unfinished: 'boolean' },
    [],
    true,
  );
  const { removed, kept } = await sweepLoaded(
    directories?.map((one) => checkPath(one, 'A directory')),
    elsewhere ?? false,
  );
  const outputs = await sweepOutputs(directories, { elsewhere, unfinished });
  // Whoever names no place wants what can be found.
  for (const place of directories ? [] : usualPlaces())
    outputs.push(...(await sweepOutputs([place], { elsewhere, unfinished }).catch(() => [])));
  const more = new Map(outputs.map((one) => [one.path, one.outcome]));
  for (const [path, why] of more) {
    if (why === 'removed') removed.push(path);
    else kept.push({ path, why });
  }
  return { removed, kept };
}

/** Of models that were loaded. */
async function sweepLoaded(
  directories: readonly string[] | undefined,
  elsewhere: boolean,
): Promise<{ removed: string[]; kept: Kept[] }> {
  const removed: string[] = [];
  const kept: Kept[] = [];
  const paths = await candidates(directories);
  for (let at = 0; at < paths.length; at += TOGETHER) {
    const some = paths.slice(at, at + TOGETHER);
    const outcomes = await Promise.all(some.map((path) => outcomeFor(path, elsewhere)));
    for (const [index, outcome] of outcomes.entries()) {
      const path = some[index]!;
      if (outcome === 'removed') removed.push(path);
      else if (outcome !== 'not-ours') kept.push({ path, ...outcome });
    }
  }
  return { removed, kept };
}

type Outcome = Omit<Kept, 'path'> | 'removed' | 'not-ours';

async function outcomeFor(path: string, elsewhere: boolean): Promise<Outcome> {
  const life = await lifeOf(ownerOf(basename(path))!);
  if (life === 'dead' || (life === 'elsewhere' && elsewhere)) return remove(path);
  return (await isOurs(path)) ? { why: life } : 'not-ours';
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
export async function sweepOnce(directory?: string | URL): Promise<void> {
  for (const place of new Set([undefined, directory && checkPath(directory, 'The directory')])) {
    const sweeping = swept.get(place) ?? sweepLoaded(place === undefined ? undefined : [place], false);
    swept.set(
      place,
      sweeping.catch(() => {}),
    );
  }
  await Promise.all(swept.values());
}

async function openOurs(path: string): Promise<FileHandle | undefined> {
  const handle = await open(path, REACH | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(
    () => undefined,
  );
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

async function remove(path: string): Promise<Outcome> {
  await using handle = await openOurs(path);
  if (!handle) return 'not-ours';
  const directory = byDescriptor(handle);
  try {
    const names = await readdir(directory).catch(async () => {
      // Its command may have made it one that we may not read. It is ours, whatever it is.
      await chmod(directory, 0o700);
      return readdir(directory);
    });
    if (names.length > 0 && !(await isMarked(directory, path))) return { why: 'unmarked' };
    // A command that outlives the `run` that started it: removing the directory would take its mount away too.
    const found = await usesOf({ inodes: inodesIn(directory), mountPoints: [path] });
    if (!found || found.mounted || found.uses.some((use) => use !== 'none')) return { why: 'in-use' };
    // Not wiped: somebody may have got it meanwhile. The kernel frees it with the last.
    const left = removeMarked(directory, path);
    return left.length > 0 ? { why: 'failed', left } : 'removed';
  } catch {
    return { why: 'failed', left: [path] };
  }
}
