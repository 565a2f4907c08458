import { isWeightsealError, WeightsealError } from '../errors.js';
import { able, type StoreLocation, uriOf } from './location.js';
import { ObjectIndex } from './object-index.js';
import type { StoredObject } from './object-store.js';
import { requestsOf } from './request.js';

/** Beyond so many it is no bundle, and nobody's memory shall be filled with names. */
const MOST = 2_097_152;
/** A listing is many requests. */
const DEADLINES = 5;

/** All objects below a place, in the order of their keys. @returns and @throws like `indexAll` */
export async function listAll(
  location: StoreLocation,
  signal: AbortSignal | undefined,
  most: number = MOST,
): Promise<StoredObject[] | undefined> {
  return await collect(location, signal, most, () => {
    const found: StoredObject[] = [];
    return { found, add: (object) => found.push(object) };
  });
}

/**
 * The same as an index, by their names below the place.
 *
 * @returns undefined where the store lists nothing
 * @throws BUNDLE_LIMIT for more than 2^21, STORE_RESPONSE_INVALID for what is not below it, ABORTED, and what the store throws
 */
export async function indexAll(
  location: StoreLocation,
  signal: AbortSignal | undefined,
): Promise<ObjectIndex | undefined> {
  const from = location.key === '' ? 0 : location.key.length + 1;
  return await collect(location, signal, MOST, () => {
    const found = new ObjectIndex();
    return { found, add: (object) => found.add(object.key.slice(from), object) };
  });
}

interface Collection<T> {
  readonly found: T;
  add(object: StoredObject): void;
}

/** One that fails half-way begins anew, since a page cannot be asked for by itself. */
async function collect<T>(
  location: StoreLocation,
  signal: AbortSignal | undefined,
  most: number,
  begin: () => Collection<T>,
): Promise<T | undefined> {
  const { store, key } = location;
  if (!store.list) return undefined;
  const prefix = key === '' ? '' : `${key}/`;
  const { deadlineMs } = requestsOf(location).tuned;
  const requests = requestsOf({
    ...location,
    tuning: { ...location.tuning, deadlineMs: Math.min(DEADLINES * deadlineMs, 2_147_483_647) },
  });
  const doing = `list ${uriOf(location)}`;
  try {
    return await requests.run(doing, signal, async (call) => {
      const { found, add } = begin();
      let count = 0;
      for await (const one of store.list!(prefix, { oneLevel: false }, call)) {
        if ('prefix' in one || !one.key.startsWith(prefix)) throw notBelow(location);
        if (count++ === most) throw tooMany(location, most);
        // Its first page is an answer like any other; what comes after it keeps the time from running out.
        call.progress();
        add(one);
      }
      return found;
    });
  } catch (error) {
    if (isWeightsealError(error) && error.code === 'STORE_UNSUPPORTED') return undefined;
    throw error;
  }
}

/** What comes first of what is below a place, but for one object. @throws like `listAll`, STORE_UNSUPPORTED where the store lists nothing */
export async function firstBelow(
  location: StoreLocation,
  signal: AbortSignal | undefined,
  except?: StoredObject,
): Promise<StoredObject | undefined> {
  const { store, key } = location;
  const list = able(store, 'list');
  const prefix = key === '' ? '' : `${key}/`;
  return await requestsOf(location).run(`list ${uriOf(location)}`, signal, async (call) => {
    for await (const one of list(prefix, { oneLevel: false }, call))
      if ('key' in one && (one.key !== except?.key || one.version !== except.version)) return one;
    return undefined;
  });
}

function notBelow(location: StoreLocation): WeightsealError {
  return new WeightsealError(
    'STORE_RESPONSE_INVALID',
    `${location.store.uri} was asked for what is below ${uriOf(location)}, and named something else.`,
  );
}

function tooMany(location: StoreLocation, most: number): WeightsealError {
  return new WeightsealError(
    'BUNDLE_LIMIT',
    `Below ${uriOf(location)} are more than ${most} objects, which no bundle has. Check the place, or remove what is not of the bundle.`,
  );
}
