import { atOnce } from '../engine/at-once.js';
import { able, below, type StoreLocation, uriOf } from '../store/location.js';
import { requestsOf } from '../store/request.js';

/** Requests that wait at once: the pace of the store says how many are made. */
const AT_ONCE = 64;

/** An object, by its name below the place and its version. */
export interface Removed {
  readonly name: string;
  readonly version: string;
}

/** Removes objects; that one is not there is no error. @throws INPUT_CHANGED for another version, what the store throws, ABORTED */
export async function removeObjects(
  location: StoreLocation,
  objects: Iterable<string | Removed>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const remove = able(location.store, 'remove');
  await atOnce(objects, AT_ONCE, signal, async (one) => {
    const { name, version } = typeof one === 'string' ? { name: one, version: undefined } : one;
    const place = below(location, name);
    await requestsOf(place).run(`remove ${uriOf(place)}`, signal, (call) =>
      remove(place.key, { version }, call),
    );
  });
}
