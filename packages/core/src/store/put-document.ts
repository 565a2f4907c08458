import type { StoreLocation } from './location.js';
import type { StoredObject, WriteCondition } from './object-store.js';
import { ObjectWriter } from './object-writer.js';

/** Writes a small object in one request, on a condition. @throws OUTPUT_EXISTS, INPUT_CHANGED where that does not hold, and what the store throws */
export async function putDocument(
  location: StoreLocation,
  bytes: Uint8Array,
  condition: WriteCondition | undefined,
  signal: AbortSignal | undefined,
): Promise<StoredObject> {
  await using writer = await ObjectWriter.create(location, { size: bytes.length, condition, signal });
  await writer.write(bytes);
  return await writer.complete();
}
