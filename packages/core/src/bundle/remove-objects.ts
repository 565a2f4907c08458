import { atOnce } from '../engine/at-once.js';
import { able, below, type StoreLocation, uriOf } from '../store/location.js';
import { requestsOf } from '../store/request.js';

/** Requests that wait at once: the pace of the store says how many are made. */
const AT_ONCE = 64;

/** Removes objects by their names below a place; that one is not there is no error. @throws what the store throws, ABORTED */
export async function removeObjects(
  location: StoreLocation,
  names: Iterable<string>,
  signal: AbortSignal | undefined,
  version?: string,
): Promise<void> {
  const remove = able(location.store, 'remove');
  await atOnce(names, AT_ONCE, signal, async (name) => {
    const place = below(location, name);
    await requestsOf(place).run(`remove ${uriOf(place)}`, signal, (call) =>
      remove(place.key, { version }, call),
    );
  });
}
