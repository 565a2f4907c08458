import { throwIfAborted } from '../errors.js';
import { parseBundleEnvelope } from '../format/envelope.js';
import { ENVELOPE_NAME } from '../format/path.js';
import { below, type StoreLocation } from '../store/location.js';
import { BundlePrefix } from './bundle-prefix.js';
import { newEnvelope, outcomeOf, type RewrappedBundle } from './new-envelope.js';
import { putEnvelope } from './put-envelope.js';
import type { RewrapBundleOptions } from './types.js';

/** FORMAT.md §26.5: reads the envelope, and puts the new one in the place of just that. Two at once: one of them is told. @throws INPUT_CHANGED */
export async function rewrapInStore(
  location: StoreLocation,
  options: RewrapBundleOptions,
): Promise<RewrappedBundle> {
  const { signal } = options;
  await using storage = BundlePrefix.open(location, signal, false);
  const { document, object } = await storage.openEnvelope(signal);
  const { bytes, envelope } = await newEnvelope(parseBundleEnvelope(document), options, storage);
  throwIfAborted(signal);
  await putEnvelope(below(location, ENVELOPE_NAME), bytes, { ifVersion: object.version }, signal);
  return outcomeOf(envelope);
}
