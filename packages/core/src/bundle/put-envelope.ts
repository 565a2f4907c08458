import { readExactly } from '../io/byte-source.js';
import { replaced } from '../store/answers.js';
import { type StoreLocation, uriOf } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import type { WriteCondition } from '../store/object-store.js';
import { putDocument } from '../store/put-document.js';

/** Writes the envelope of a bundle, which is read back as a reader would: FORMAT.md §12.5. @throws INPUT_CHANGED where something else is there by then */
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
