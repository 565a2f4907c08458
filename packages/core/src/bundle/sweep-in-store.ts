import { checkKinds, invalidArgument } from '../common/arguments.js';
import { isWeightsealError, WeightsealError } from '../errors.js';
import { ENVELOPE_NAME, SEALING_NAME } from '../format/path.js';
import { optionalWhole } from '../keys/whole-number.js';
import { listAll } from '../store/list-all.js';
import { able, below, isLocation, type StoreLocation, uriOf } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import { sweepUploads } from '../store/sweep.js';
import { type Removed, removeObjects } from './remove-objects.js';

/** Nobody seals for so long. */
const STALE_MS = 86_400_000;
const MOST_MARK = 4096;

export interface SweepBundleOptions {
  /** How long ago, in milliseconds, the seal must have begun; a day unless told. One that is under way would be told that its place is another's, and fail. */
  readonly minAgeMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What came of it. */
export interface SweptBundle {
  /** How many objects were removed. */
  readonly objects: number;
  /** How many uploads that were begun were given up. */
  readonly uploads: number;
}

/**
 * Removes what a seal or reseal into a store has left that never came to its end: all that lies below the place, once there is the mark of one (`weightseal.sealing`), and no envelope. Of a bundle that is
 * whole it removes such a mark only; and bundles that were made below the place later, with prefixes of their own, stay.
 *
 * @throws OUTPUT_EXISTS for a seal that began just now, STORE_UNSUPPORTED, INVALID_ARGUMENT, ABORTED, and what the store throws
 */
export async function sweepBundle(
  location: StoreLocation,
  options: SweepBundleOptions = {},
): Promise<SweptBundle> {
  checkKinds(options, 'sweepBundle', { minAgeMs: 'any' }, ['signal'], true);
  if (!isLocation(location)) throw invalidArgument('sweepBundle takes a place in a store, { store, key }.');
  const { minAgeMs = STALE_MS, signal } = options;
  optionalWhole('minAgeMs', minAgeMs, 0, Number.MAX_SAFE_INTEGER);
  able(location.store, 'list');
  const from = location.key === '' ? 0 : location.key.length + 1;
  const listed = (await listAll(location, signal)) ?? [];
  const found = listed.map(({ key, version }) => ({ name: key.slice(from), version }));
  const mark = found.find(({ name }) => name === SEALING_NAME);
  if (!mark) return { objects: 0, uploads: 0 };
  if (found.some(({ name }) => name === ENVELOPE_NAME)) {
    await removeObjects(location, [mark], signal);
    return { objects: 1, uploads: 0 };
  }
  const started = await startOf(location, signal);
  if (started !== undefined && Date.now() - started < minAgeMs) throw tooYoung(location, started);
  const others = prefixesOfOthers(found);
  // Of any age, since they are of the seal that is over; unless bundles below the place have uploads, too.
  const youngest = others.size > 0 ? -minAgeMs : STALE_MS;
  const uploads = await giveUp(location, new Date(Date.now() + youngest), signal);
  const own = found.filter(({ name }) => !isBelowOne(name, others));
  // By their versions: whoever has come to the place meanwhile has others.
  await removeObjects(
    location,
    own.filter((one) => one !== mark),
    signal,
  );
  // Last: until then the place is nobody else's, and the next sweep would find it.
  await removeObjects(location, [mark], signal);
  return { objects: own.length, uploads };
}

/** Below the place, prefixes with an envelope or a mark of their own: nobody seals what holds a bundle, so that is another's. */
function prefixesOfOthers(found: readonly Removed[]): ReadonlySet<string> {
  return new Set(
    found.flatMap(({ name }) => {
      const last = [ENVELOPE_NAME, SEALING_NAME].find((one) => name.endsWith(`/${one}`));
      return last === undefined ? [] : [name.slice(0, -last.length)];
    }),
  );
}

function isBelowOne(name: string, prefixes: ReadonlySet<string>): boolean {
  for (let end = name.indexOf('/'); end >= 0; end = name.indexOf('/', end + 1))
    if (prefixes.has(name.slice(0, end + 1))) return true;
  return false;
}

/** When the mark says that the seal began, or else when it was written. */
async function startOf(
  location: StoreLocation,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const place = below(location, SEALING_NAME);
  await using source = await ObjectSource.open(place, { first: MOST_MARK, signal });
  const bytes = await source.read(0, Math.min(source.size, MOST_MARK), { signal });
  const said = startedIn(Buffer.from(bytes).toString());
  const modified = Date.parse(source.object.modified ?? '');
  return said ?? (Number.isNaN(modified) ? undefined : modified);
}

function startedIn(text: string): number | undefined {
  try {
    const at = Date.parse(String((JSON.parse(text) as { started?: unknown }).started));
    return Number.isNaN(at) ? undefined : at;
  } catch {
    return undefined;
  }
}

async function giveUp(
  location: StoreLocation,
  olderThan: Date,
  signal: AbortSignal | undefined,
): Promise<number> {
  try {
    const swept = await sweepUploads(location, { olderThan, signal });
    return swept.filter(({ removed }) => removed).length;
  } catch (error) {
    if (isWeightsealError(error) && error.code === 'STORE_UNSUPPORTED') return 0;
    throw error;
  }
}

function tooYoung(location: StoreLocation, started: number): WeightsealError {
  return new WeightsealError(
    'OUTPUT_EXISTS',
    `Below ${uriOf(location)} a bundle has been sealed since ${new Date(started).toISOString()}, and may be still. Wait for it; or, if you know that it was cut off, sweep it by a shorter time (--older-than; \`minAgeMs\` in a program).`,
  );
}
