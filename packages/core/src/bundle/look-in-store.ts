import { isWeightsealError } from '../errors.js';
import { ENVELOPE_NAME } from '../format/path.js';
import { anySignal } from '../keys/any-signal.js';
import { below, type StoreLocation, uriOf } from '../store/location.js';
import { ObjectSource, type OpenObjectOptions } from '../store/object-source.js';
import { requestsOf } from '../store/request.js';

/** What a place in a store is: an object, which is open then, or the prefix of a bundle. */
export type FoundInStore = { readonly file: ObjectSource } | { readonly bundle: StoreLocation };

/**
 * Whether a place is a sealed file or a bundle, by two requests at once: for the object of that name, and for an envelope below it. Where there are both it is the object, which was named.
 *
 * @throws INPUT_NOT_FOUND for neither, ABORTED, and the codes of class `store`
 * @hidden
 */
export async function lookInStore(
  location: StoreLocation,
  options: OpenObjectOptions = {},
): Promise<FoundInStore> {
  if (location.key === '') return { bundle: location };
  const stop = new AbortController();
  const envelope = hasEnvelope(location, options.signal, stop.signal);
  try {
    return { file: await ObjectSource.open(location, options) };
  } catch (error) {
    // Who may not list what there is may be refused what is not there.
    if (!says(error, 'INPUT_NOT_FOUND') && !says(error, 'STORE_DENIED')) throw error;
    if (await envelope) return { bundle: location };
    throw error;
  } finally {
    stop.abort();
  }
}

/** Never rejects before it is waited for. */
function hasEnvelope(
  location: StoreLocation,
  signal: AbortSignal | undefined,
  stop: AbortSignal,
): Promise<boolean> {
  const place = below(location, ENVELOPE_NAME);
  const found = requestsOf(place)
    .run(`look at ${uriOf(place)}`, anySignal(signal, stop), (call) => place.store.stat(place.key, call))
    .then(
      () => true,
      (error: unknown) => {
        if (says(error, 'INPUT_NOT_FOUND') || says(error, 'STORE_DENIED')) return false;
        throw error;
      },
    );
  found.catch(() => {});
  return found;
}

function says(error: unknown, code: string): boolean {
  return isWeightsealError(error) && error.code === code;
}
