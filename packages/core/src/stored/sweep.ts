import { sweepBundle } from '../bundle/sweep-in-store.js';
import { checkKinds, invalidArgument } from '../common/arguments.js';
import { isWeightsealError } from '../errors.js';
import { SEALING_NAME } from '../format/path.js';
import { optionalWhole } from '../keys/whole-number.js';
import { eachListed } from '../store/each-listed.js';
import { below, isLocation, type StoreLocation, uriOf } from '../store/location.js';
import { sweepUploads } from '../store/sweep.js';
import type { SweepStoreOptions, SweptStore } from './types.js';

/** As long as nobody uploads. */
const A_DAY_MS = 86_400_000;

/** See `public.ts`. */
export async function sweepStore(
  location: StoreLocation,
  options: SweepStoreOptions = {},
): Promise<SweptStore> {
  checkKinds(options, 'sweepStore', { minAgeMs: 'any' }, ['signal'], true);
  if (!isLocation(location)) throw invalidArgument('sweepStore takes a place in a store, { store, key }.');
  const { minAgeMs = A_DAY_MS, signal } = options;
  optionalWhole('minAgeMs', minAgeMs, 0, Number.MAX_SAFE_INTEGER);
  const removed: string[] = [];
  const kept: string[] = [];
  for (const place of await bundlesBegun(location, signal)) {
    try {
      const { objects, uploads } = await sweepBundle(place, { minAgeMs, signal });
      // Of a bundle that is whole only the mark was left.
      if (objects > 0) removed.push(uriOf(objects + uploads > 1 ? place : below(place, SEALING_NAME)));
    } catch (error) {
      if (!isWeightsealError(error) || error.code !== 'OUTPUT_EXISTS') throw error;
      kept.push(uriOf(place));
    }
  }
  const olderThan = new Date(Date.now() - minAgeMs);
  for (const upload of await sweepUploads(location, { olderThan, signal }))
    (upload.removed ? removed : kept).push(upload.uri);
  return { removed: [...new Set(removed)], kept: [...new Set(kept)] };
}

/** Of few there is a mark, however much there is. */
async function bundlesBegun(
  location: StoreLocation,
  signal: AbortSignal | undefined,
): Promise<StoreLocation[]> {
  const found: StoreLocation[] = [];
  const mark = `/${SEALING_NAME}`;
  try {
    for await (const one of eachListed(location, { oneLevel: false }, signal)) {
      if ('prefix' in one) continue;
      if (`/${one.key}`.endsWith(mark))
        found.push({ ...location, key: one.key.slice(0, Math.max(0, one.key.length - mark.length)) });
    }
  } catch (error) {
    if (isWeightsealError(error) && error.code === 'STORE_UNSUPPORTED') return [];
    throw error;
  }
  return found;
}
