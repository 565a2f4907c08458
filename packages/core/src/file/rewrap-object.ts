import { isWeightsealError, WeightsealError } from '../errors.js';
import { concat } from '../format/bytes.js';
import { type Envelope, encodeEnvelope } from '../format/envelope.js';
import { copyCapacity } from '../format/envelope-copy.js';
import { preambleFor } from '../format/preamble.js';
import { replaced } from '../store/answers.js';
import { type StoreLocation, uriOf } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import type { StoredObject } from '../store/object-store.js';
import { checkObject } from '../store/object-writer.js';
import { codeOf } from '../store/outcome.js';
import { besideObject } from '../store/release-document.js';
import { replaceHead } from '../store/replace-head.js';
import { encodeHead, readHeadOf } from './head.js';
import { inFile } from './in-file.js';
import { recipientOf } from './inspect.js';
import { newEnvelope } from './new-envelope.js';
import type { RewrapOptions, Rewrapped } from './rewrap.js';
import { areaForDocument } from './sealer.js';

/** What `rewrap` does with an object in a store. */
export async function rewrapObject(location: StoreLocation, options: RewrapOptions): Promise<Rewrapped> {
  checkObject(location);
  const { signal, grow = false, onProgress } = options;
  await using source = await ObjectSource.open(location, { signal });
  const ofThis = (error: unknown): never => {
    throw inFile(error, uriOf(location));
  };
  const old = await readHeadOf(source, signal).catch(ofThis);
  const envelope = await newEnvelope(old, options, besideObject(location)).catch(ofThis);
  const { length } = encodeEnvelope(envelope);
  const fits = length <= copyCapacity(old.preamble.area);
  const preamble = fits || !grow ? old.preamble : preambleFor(areaForDocument(length));
  const head = encodeHead(preamble, envelope);
  const { payloadOffset } = old.preamble;
  const { object, ...moved } = await replaceHead(source, payloadOffset, head, { signal, onProgress });
  await checkWritten(location, object, envelope, concat(head, old.floeHeader), signal).catch(
    (error: unknown) => {
      // It is done, and a caller who aborts by now has come too late.
      if (codeOf(error) !== 'ABORTED') throw unread(location, error);
    },
  );
  return {
    recipients: envelope.slots.map(recipientOf),
    generation: envelope.generation,
    grown: !fits,
    ...moved,
    // What was read of the old head, and what of the new one.
    read: moved.read + payloadOffset + old.floeHeader.length + head.length + old.floeHeader.length,
  };
}

/** What has been replaced could not be looked at: whoever reads the error must know that it has been. */
function unread(location: StoreLocation, error: unknown): unknown {
  if (!isWeightsealError(error) || error.class !== 'store') return error;
  return new WeightsealError(
    error.code,
    `${uriOf(location)} has its new recipients, and could not be read back to see it. ${error.message}`,
    { cause: error },
  );
}

/**
 * Reads the beginning back. A store that does not know conditions lets two rewraps through, and the later one wins: the other must not believe that it did.
 *
 * @throws INPUT_CHANGED
 */
async function checkWritten(
  location: StoreLocation,
  written: StoredObject,
  envelope: Envelope,
  beginning: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using found = await ObjectSource.open(location, { signal });
  const same =
    found.size === written.size &&
    Buffer.compare(await found.read(0, beginning.length, { signal }), beginning) === 0;
  if (same) return;
  // Another rewrap, which has seen what this one wrote, is no loss of it.
  const { envelope: now } = await readHeadOf(found, signal);
  const later =
    now.generation > envelope.generation && Buffer.compare(now.core.bytes, envelope.core.bytes) === 0;
  if (!later) throw replaced(uriOf(location));
}
