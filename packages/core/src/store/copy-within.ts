import { isWeightsealError } from '../errors.js';
import type { StoreLocation } from './location.js';
import type { ObjectSource } from './object-source.js';
import { ObjectUpload } from './object-upload.js';
import { partOf } from './part-plan.js';
import { tuned } from './tuning.js';

/** A server copies a part of this length in seconds, and several at once. */
const COPY_BYTES = 268_435_456;

/**
 * Has a store copy an object within itself, to where there is none yet. False where it cannot, or where it would be more requests than to bring the object here and back.
 *
 * @throws OUTPUT_EXISTS, INPUT_CHANGED for one that is another by now, ABORTED, and what the store throws
 */
export async function copyWithin(
  source: ObjectSource,
  to: StoreLocation,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { object, location } = source;
  const { size } = object;
  if (location.store !== to.store || !to.store.upload || size <= tuned(to.tuning, to.store).partBytes)
    return false;
  await using upload = await ObjectUpload.begin(to, {
    size,
    condition: { ifAbsent: true },
    copyOf: source,
    signal,
  });
  if (!upload.canCopy) return false;
  const { rules } = upload;
  const length = partOf(Math.max(COPY_BYTES, Math.ceil(size / rules.count)), rules);
  try {
    for (let offset = 0, index = 0; offset < size; offset += length, index++)
      await upload.copy({ index, from: object, offset, length: Math.min(length, size - offset) });
    await upload.complete();
    return true;
  } catch (error) {
    // Some that speak the language of a store do not know this word of it.
    if (isWeightsealError(error) && error.code === 'STORE_UNSUPPORTED') return false;
    throw error;
  }
}
