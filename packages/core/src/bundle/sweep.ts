import { constants, lstat, open, readdir, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { checkPath } from '../common/arguments.js';
import { ioError } from '../errors.js';
import { closing } from '../io/closing.js';
import { openLocked } from '../io/lock/file-lock.js';
import { Directory } from '../io/output/directory.js';
import { type LeftOptions, type LeftOutcome, sweepOne, sweepStaging } from '../io/staging/left.js';
import { isStaging, partOf } from '../io/staging/names.js';
import { forgetPlace, rememberedPlaces } from '../io/staging/places.js';
import { stateDirectory } from '../io/state-directory.js';
import { JOURNALS, placeIn } from './journal.js';

/** What was found that a killed process has left of an output, and what came of it. */
export interface LeftOutput {
  readonly path: string;
  readonly outcome: LeftOutcome;
}

const NAME = /^[0-9a-f]{32}$/;
/** Whoever is cut off and does not come back so long does not come back. */
const STALE_MS = 30 * 86_400_000;
/** One that is empty may have been made just now. */
const JUST_MADE_MS = 3_600_000;
/** Of a journal, more than says where it is of. */
const HEAD = 16_384;
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Removes what killed processes have left of outputs: in these directories, which may be such a left-over themselves, or, without any, wherever this user's processes have begun one.
 *
 * @throws IO_ERROR, INPUT_NOT_FOUND for a directory that cannot be looked into
 * @hidden
 */
export async function sweepOutputs(
  directories: readonly (string | URL)[] | undefined,
  options: LeftOptions = {},
): Promise<LeftOutput[]> {
  const found = new Map<string, LeftOutcome>();
  for (const given of directories ?? []) {
    const place = await realpath(checkPath(given, 'A directory')).catch((error: unknown) => {
      throw ioError(error, `look into ${given}`);
    });
    for (const [path, outcome] of await sweepIn(place, options)) found.set(path, outcome);
  }
  if (directories) return listed(found);
  for (const path of await rememberedPlaces()) {
    const outcome = await sweepAt(path, options);
    if (outcome) found.set(path, outcome);
  }
  for (const { path, outcome } of await sweepJournals(options)) found.set(path, outcome);
  return listed(found);
}

function listed(found: ReadonlyMap<string, LeftOutcome>): LeftOutput[] {
  return [...found].map(([path, outcome]) => ({ path, outcome }));
}

async function sweepIn(place: string, options: LeftOptions): Promise<[string, LeftOutcome][]> {
  if (isStaging(basename(place))) {
    const outcome = await sweepAt(place, options);
    return outcome ? [[place, outcome]] : [];
  }
  await using above = await Directory.open(place).catch((error: unknown) => {
    throw ioError(error, `look into ${place}`);
  });
  const found = await sweepStaging(above, options);
  return [...found].map(([name, outcome]) => [join(place, name), outcome]);
}

async function sweepAt(path: string, options: LeftOptions): Promise<LeftOutcome | undefined> {
  const opened = await Directory.open(dirname(path)).catch(() => undefined);
  if (!opened) return undefined;
  await using above = opened;
  const found = await sweepOne(above, basename(path), options);
  if (!(await lstat(path).catch(() => undefined))) await forgetPlace(path);
  return found?.outcome;
}

/**
 * The journals of seals and reseals that were killed, and what they had made: removed where nothing is left of that, or nobody came back for it within a month; with `unfinished`, all of
 * them. What is under way is not touched.
 */
export async function sweepJournals(options: LeftOptions = {}): Promise<LeftOutput[]> {
  const directory = await stateDirectory(JOURNALS);
  const names = directory === undefined ? [] : await readdir(directory).catch(() => []);
  const left: LeftOutput[] = [];
  for (const name of names.filter((one) => NAME.test(one)))
    left.push(...(await sweepJournal(join(directory!, name), options).catch(() => [])));
  return left;
}

async function sweepJournal(path: string, options: LeftOptions): Promise<LeftOutput[]> {
  const { place, age } = await look(path);
  const part = place === undefined ? undefined : join(dirname(place), partOf(basename(place)));
  const there = part !== undefined && (await lstat(part).catch(() => undefined)) !== undefined;
  const old = age > STALE_MS;
  if (there && !old && !options.unfinished) {
    const outcome = await sweepAt(part, options);
    return outcome === undefined ? [] : [{ path: part, outcome }];
  }
  if (place === undefined && age < JUST_MADE_MS) return [];
  // Who has it is at work, whatever it looks like.
  await using _locked = await openLocked(path, true, { onWait: busy });
  const outcome = there ? await sweepAt(part, { ...options, unfinished: true }) : undefined;
  if (outcome !== undefined && outcome !== 'removed') return [{ path: part!, outcome }];
  await rm(path, { force: true });
  return outcome === undefined ? [] : [{ path: part!, outcome }];
}

async function look(path: string): Promise<{ place: string | undefined; age: number }> {
  const file = await open(path, FLAGS);
  await using _file = closing(file);
  const { mtimeMs } = await file.stat();
  const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD), 0, HEAD, 0);
  return { place: placeIn(buffer.subarray(0, bytesRead)), age: Date.now() - mtimeMs };
}

function busy(): never {
  throw new Error('It is at work.');
}
