import { isWeightsealError } from '../errors.js';
import { type StoreLocation, uriOf } from './location.js';
import type { StoredObject } from './object-store.js';
import { requestsOf } from './request.js';

/** What is there; undefined for nothing. @throws ABORTED, and the codes of class `store` */
export async function findObject(
  location: StoreLocation,
  signal: AbortSignal | undefined,
): Promise<StoredObject | undefined> {
  const { store, key } = location;
  try {
    return await requestsOf(location).run(`look at ${uriOf(location)}`, signal, (call) =>
      store.stat(key, call),
    );
  } catch (error) {
    if (isWeightsealError(error) && error.code === 'INPUT_NOT_FOUND') return undefined;
    throw error;
  }
}
