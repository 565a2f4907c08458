import { readExactly } from '../io/byte-source.js';
import { replaced } from '../store/answers.js';
import { type StoreLocation, uriOf } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import type { StoredObject, WriteCondition } from '../store/object-store.js';
import { ObjectWriter } from '../store/object-writer.js';

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

/** Likewise the envelope, which is read back as a reader would: FORMAT.md §12.5. @throws INPUT_CHANGED where something else is there by then */
export async function putEnvelope(
  location: StoreLocation,
  bytes: Uint8Array,
  condition: WriteCondition,
  signal: AbortSignal | undefined,
): Promise<void> {
  await putDocument(location, bytes, condition, signal);
  await using written = await ObjectSource.open(location, { first: bytes.length, signal });
  const isSame =
    written.size === bytes.length &&
    Buffer.compare(await readExactly(written, 0, bytes.length, signal), bytes) === 0;
  if (!isSame) throw replaced(uriOf(location));
}
