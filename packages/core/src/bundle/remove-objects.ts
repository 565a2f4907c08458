import { atOnce } from '../engine/at-once.js';
import { below, type StoreLocation } from '../store/location.js';
import { removeObject } from '../store/remove-object.js';

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
  await atOnce(objects, AT_ONCE, signal, async (one) => {
    const { name, version } = typeof one === 'string' ? { name: one, version: undefined } : one;
    await removeObject(below(location, name), version, signal);
  });
}
