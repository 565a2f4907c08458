import { lstat } from 'node:fs/promises';
import { checkPath } from '../common/arguments.js';
import { throwIfAborted, WeightsealError } from '../errors.js';
import { type Recipient, recipientOf } from '../file/inspect.js';
import { expectContext } from '../format/context.js';
import { authenticateEnvelope, type Envelope, parseBundleEnvelope } from '../format/envelope.js';
import { nextGeneration } from '../format/envelope-copy.js';
import { type FileSource, inputChanged } from '../io/byte-source.js';
import { openLocked } from '../io/lock/file-lock.js';
import { OutputFile } from '../io/output/output-file.js';
import { checkChange, slotsToKeep } from '../keys/recipients.js';
import { unwrapDataKey } from '../keys/unwrap.js';
import { checkSlotCount, wrapForAll } from '../keys/wrap.js';
import { BundleDirectory } from './bundle-directory.js';
import { openTableFile, readEnvelope } from './head.js';
import { ENVELOPE_NAME, MAX_ENVELOPE } from './path.js';
import { encodeProven } from './sealer.js';
import type { RewrapBundleOptions } from './types.js';

export interface RewrappedBundle {
  readonly recipients: readonly Recipient[];
  readonly generation: number;
}

/**
 * Changes who may open a bundle: same data key, and only `weightseal.json` is written, whole, by rename. Without `add` and `remove` the wraps of `keys` are made anew, with the keys' present
 * versions. It locks nobody out who has had the data key or a copy of the bundle: that is what a reseal is for. Waits for another rewrap to end, and then changes what that one has left.
 *
 * @throws ENVELOPE_FULL, GENERATION_EXHAUSTED, RECIPIENT_NOT_FOUND, RECIPIENT_REQUIRED, WRAP_NOT_VERIFIED, INPUT_CHANGED when something else than a rewrap changed the envelope meanwhile, and
 *   what opening throws
 */
export async function rewrapBundle(
  directory: string | URL,
  options: RewrapBundleOptions,
): Promise<RewrappedBundle> {
  checkChange(options, 'rewrapBundle');
  const path = checkPath(directory, 'The bundle');
  await using root = await BundleDirectory.open(path, { forFiles: 'rewrap' });
  // Before it is locked: what is no bundle gets no lock.
  await readEnvelope(root, path);
  const place = root.directory.at(ENVELOPE_NAME);
  await using locked = await openLocked(place, false, options);
  const { file } = locked;
  const document = await documentOf(file);
  const old = parseBundleEnvelope(document);
  await using _table = await openTableFile(root, old);
  const { bytes, envelope } = await newEnvelope(old, options);
  // In the directory that was opened: what was locked has been looked for by its path.
  await using out = await OutputFile.replacing(file, place);
  await out.write(bytes, 0);
  await out.keepMode(file);
  throwIfAborted(options.signal);
  await out.sync();
  await checkStill(file, document, place);
  await out.publish();
  return { recipients: envelope.slots.map(recipientOf), generation: envelope.generation };
}

async function documentOf(file: FileSource): Promise<Uint8Array> {
  if (file.size > MAX_ENVELOPE) throw inputChanged(file.path);
  return await file.read(0, file.size);
}

async function newEnvelope(
  old: Envelope,
  options: RewrapBundleOptions,
): Promise<{ bytes: Uint8Array; envelope: Envelope }> {
  const { keys, context, signal, remove = [] } = options;
  const { core, slots } = old;
  const generation = nextGeneration(old.generation);
  const present = new Set(slots.map((slot) => slot.keyUri));
  const add = options.add ?? (remove.length === 0 ? keys.filter((key) => present.has(key.uri)) : []);
  if (add.length + remove.length === 0) throw nothingToDo(options, old);
  expectContext(core.context, context);
  using dataKey = await unwrapDataKey(old, options);
  const kept = slotsToKeep(slots, { add, remove });
  checkSlotCount(kept.length + add.length);
  const added = add.length > 0 ? await wrapForAll(dataKey, add, core.context, signal) : [];
  const envelope = authenticateEnvelope(dataKey.bytes, { ...old, generation, slots: [...kept, ...added] });
  return { envelope, bytes: encodeProven(dataKey.bytes, envelope) };
}

function nothingToDo({ keys, add }: RewrapBundleOptions, { slots }: Envelope): WeightsealError {
  const recipients = slots.map((slot) => slot.keyUri).join(', ');
  const named = keys.map((key) => key.uri).join(', ') || 'no key';
  return new WeightsealError(
    'INVALID_ARGUMENT',
    add
      ? 'There is nothing to change; say which keys to add or which recipients to remove.'
      : `There is nothing to wrap anew: ${named} was named, and the recipients are ${recipients}. If one of these is the same key under another name or path, add the key as it is named now, and remove the old name (--to, --remove).`,
  );
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
