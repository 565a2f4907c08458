import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import type { Directory } from '../output/directory.js';
import type { OwnerLife } from '../owner.js';
import { lifeOfMark, NEW_MARK, readMark } from './mark.js';
import { isPart, isStaging, MADE, partOf } from './names.js';
import { putBack, type Replacing, readReplacing, settle } from './replacing.js';
import { openOurs, removeStaging } from './staging.js';

/** A staging directory without a mark, and with nothing else in it, may be one that is made just now. */
const JUST_MADE_MS = 60_000;

/**
 * What came of a staging directory that was found. `unfinished`: a seal that was cut off, with which the next one goes on; `unmarked`: it has our name for one and lacks our mark, so that nobody can
 * tell whether it is ours.
 */
export type LeftOutcome = 'removed' | 'lives' | 'elsewhere' | 'unfinished' | 'unmarked' | 'failed';

export interface LeftOptions {
  /** Whether to remove also what may live in another container, or on another machine. */
  readonly elsewhere?: boolean | undefined;
  /** Whether to remove also what the next seal would go on with. */
  readonly unfinished?: boolean | undefined;
}

interface Found {
  readonly outcome: LeftOutcome;
  /** What it says to stand aside: of one that stays. */
  readonly replacing?: Replacing | undefined;
}

/** Removes from a directory what killed processes of this user's have left of outputs in it. What is anybody else's is not even told. */
export async function sweepStaging(
  above: Directory,
  options: LeftOptions = {},
): Promise<Map<string, LeftOutcome>> {
  const names = await readdir(above.path).catch(() => []);
  const outcomes = new Map<string, LeftOutcome>();
  for (const name of names.filter(isStaging)) {
    const found = await sweepOne(above, name, options);
    if (found) outcomes.set(name, found.outcome);
  }
  return outcomes;
}

/** What is left of earlier outputs, before there is another of this name. With what a seal to another name has left somebody may go on at this moment. */
export async function settleOutput(above: Directory, output: string): Promise<void> {
  const names = await readdir(above.path).catch(() => []);
  const own = names.filter((name) => isStaging(name) && (!isPart(name) || name === partOf(output)));
  const found = await Promise.all(own.map((name) => sweepOne(above, name, {})));
  // Of one that lives, it stands aside for a moment only.
  const busy = found.some((one) => one?.outcome === 'lives' && one.replacing?.output === output);
  if (!busy) await putBack(above, output);
}

/** Undefined for what is no staging directory, or none of this user's. */
export async function sweepOne(
  above: Directory,
  name: string,
  options: LeftOptions,
): Promise<Found | undefined> {
  const opened = await openOurs(above, name);
  if (!opened) return undefined;
  await using directory = opened;
  try {
    const mark = await readMark(directory);
    if (!mark) return await sweepUnmarked(above, name, directory);
    if (!mark.names.includes(name)) return { outcome: 'unmarked' };
    const replacing = await readReplacing(directory);
    const life = await lifeOfMark(mark, directory);
    if (!isOver(life, options)) return { outcome: life, replacing };
    if (replacing) await settle(above, directory, replacing);
    if (isPart(name) && !options.unfinished && (await hasMade(directory))) return { outcome: 'unfinished' };
    await removeStaging(above, name, directory);
    return { outcome: 'removed' };
  } catch {
    return { outcome: 'failed' };
  }
}

function isOver(life: OwnerLife, { elsewhere = false }: LeftOptions): life is 'dead' {
  return life === 'dead' || (life === 'elsewhere' && elsewhere);
}

/** Whether there is anything to go on with: of one who was killed as soon as the output had its name there is not. */
async function hasMade(directory: Directory): Promise<boolean> {
  const names = await readdir(directory.at(MADE)).catch(() => []);
  return names.length > 0;
}

/** Of one who was killed before there was anything but the directory. */
async function sweepUnmarked(
  above: Directory,
  name: string,
  directory: Directory,
): Promise<Found | undefined> {
  const names = await readdir(directory.path);
  if (names.some((one) => one !== NEW_MARK)) return { outcome: 'unmarked' };
  if (Date.now() - (await stat(directory.path)).mtimeMs < JUST_MADE_MS) return undefined;
  await rm(directory.at(NEW_MARK), { force: true });
  await rmdir(above.at(name));
  return { outcome: 'removed' };
}
