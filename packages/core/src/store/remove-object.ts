import { able, type StoreLocation, uriOf } from './location.js';
import { requestsOf } from './request.js';

/** Removes an object; that it is not there is no error. @throws STORE_UNSUPPORTED, INPUT_CHANGED for another version, what the store throws, ABORTED */
export async function removeObject(
  place: StoreLocation,
  version: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const remove = able(place.store, 'remove');
  await requestsOf(place).run(`remove ${uriOf(place)}`, signal, (call) =>
    remove(place.key, { version }, call),
  );
}
