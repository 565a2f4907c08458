import { lstat } from 'node:fs/promises';
import { checkPath } from '../common/arguments.js';
import { throwIfAborted } from '../errors.js';
import { parseBundleEnvelope } from '../format/envelope.js';
import { ENVELOPE_NAME, MAX_ENVELOPE } from '../format/path.js';
import { type FileSource, inputChanged } from '../io/byte-source.js';
import { openLocked } from '../io/lock/file-lock.js';
import { OutputFile } from '../io/output/output-file.js';
import { checkChange } from '../keys/recipients.js';
import { isLocation } from '../store/location.js';
import { BundleDirectory } from './bundle-directory.js';
import { openTableFile, readEnvelope } from './head.js';
import { newEnvelope, outcomeOf, type RewrappedBundle } from './new-envelope.js';
import type { BundleGiven } from './open-storage.js';
import { rewrapInStore } from './rewrap-in-store.js';
import type { RewrapBundleOptions } from './types.js';

/**
 * Changes who may open a bundle: same data key, and only `weightseal.json` is written, whole, by rename. Without `add` and `remove` the wraps of `keys` are made anew, with the keys' present
 * versions. It locks nobody out who has had the data key or a copy of the bundle: that is what a reseal is for. Waits for another rewrap to end, and then changes what that one has left; in a
 * store one of two at once is told INPUT_CHANGED.
 *
 * @throws ENVELOPE_FULL, GENERATION_EXHAUSTED, RECIPIENT_NOT_FOUND, RECIPIENT_REQUIRED, WRAP_NOT_VERIFIED, INPUT_CHANGED when something else than a rewrap changed the envelope meanwhile, and
 *   what opening throws
 */
export async function rewrapBundle(
  given: BundleGiven,
  options: RewrapBundleOptions,
): Promise<RewrappedBundle> {
  checkChange(options, 'rewrapBundle');
  if (isLocation(given)) return await rewrapInStore(given, options);
  const path = checkPath(given, 'The bundle');
  await using root = await BundleDirectory.open(path, { forFiles: 'rewrap' });
  // Before it is locked: what is no bundle gets no lock.
  await readEnvelope(root);
  const place = root.directory.at(ENVELOPE_NAME);
  await using locked = await openLocked(place, false, options);
  const { file } = locked;
  const document = await documentOf(file);
  const old = parseBundleEnvelope(document);
  await using _table = await openTableFile(root, old);
  const { bytes, envelope } = await newEnvelope(old, options, root);
  // In the directory that was opened: what was locked has been looked for by its path.
  await using out = await OutputFile.replacing(file, place);
  await out.write(bytes, 0);
  await out.keepMode(file);
  throwIfAborted(options.signal);
  await out.sync();
  await checkStill(file, document, place);
  await out.publish();
  return outcomeOf(envelope);
}

async function documentOf(file: FileSource): Promise<Uint8Array> {
  if (file.size > MAX_ENVELOPE) throw inputChanged(file.path);
  return await file.read(0, file.size);
}

/** Keys take a while to answer: another's change must not be undone. @throws INPUT_CHANGED */
export async function checkStill(
  file: FileSource,
  document: Uint8Array,
  path: string = file.path,
): Promise<void> {
  const [named, own] = await Promise.all([lstat(path, { bigint: true }).catch(() => undefined), file.stat()]);
  const same =
    named?.ino === own.ino &&
    named.dev === own.dev &&
    Number(own.size) === document.length &&
    Buffer.compare(await file.read(0, document.length), document) === 0;
  if (!same) throw inputChanged(file.path);
}
