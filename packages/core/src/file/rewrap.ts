import { checkPath } from '../common/arguments.js';
import { type OnProgress, progressCounter } from '../common/progress.js';
import { ioError, throwIfAborted, WeightsealError } from '../errors.js';
import { type Envelope, encodeEnvelope } from '../format/envelope.js';
import { copyCapacity, parseCopy } from '../format/envelope-copy.js';
import { PREAMBLE_LENGTH, preambleFor } from '../format/preamble.js';
import { FileSource, inputChanged } from '../io/byte-source.js';
import { checkNoDirectory } from '../io/directory-given.js';
import { type LockOptions, openLocked } from '../io/lock/file-lock.js';
import { makeDurable } from '../io/output/durable.js';
import { OutputFile, writeAt } from '../io/output/output-file.js';
import { checkChange, type RecipientChange } from '../keys/recipients.js';
import { isLocation, type StoreLocation } from '../store/location.js';
import { besideFile } from '../store/release-document.js';
import type { Moved } from '../store/replace-head.js';
import { encodeEnvelopeCopy, encodeHead, type Head, readHeadOf } from './head.js';
import { inFile } from './in-file.js';
import { type Recipient, recipientOf } from './inspect.js';
import { newEnvelope } from './new-envelope.js';
import { rewrapObject } from './rewrap-object.js';
import { areaForDocument } from './sealer.js';
import { checkStillOurs } from './still-ours.js';
import type { UnlockOptions } from './unlock.js';

const COPY_BYTES = 1_048_576;
/** Magic, generation, length and checksum of a copy: FORMAT.md §4.1. */
const COPY_HEAD = 56;

export interface RewrapOptions extends UnlockOptions, Partial<RecipientChange>, LockOptions {
  /** Whether to write the file anew, with more room for recipients, when the envelope's area is full. Its payload is copied as it is. */
  readonly grow?: boolean | undefined;
  /** Called where the file is written anew; else there is nothing to wait for. */
  readonly onProgress?: OnProgress | undefined;
}

/** With what it has cost, of an object in a store. */
export interface Rewrapped extends Partial<Moved> {
  readonly recipients: readonly Recipient[];
  readonly generation: number;
  /** Whether the file had to be written anew. */
  readonly grown: boolean;
}

/**
 * Changes who may open a sealed file, in place: same data key, no byte of the payload is touched. Without `add` and `remove` the wraps of
 * `keys` are made anew, with the keys' present versions. A crash at any moment leaves the old envelope or the new one. It locks nobody out who has had the data key or a
 * copy of the file: that is what `reseal` is for. Waits for another rewrap or reseal of the file to end, and then changes what that one has left.
 *
 * An object in a store is replaced in one step, if it is still what was read, and is not downloaded where the store can copy: docs/stores/writing.md. Of two at once, one
 * is refused with INPUT_CHANGED.
 *
 * @throws ENVELOPE_FULL unless `grow`, GENERATION_EXHAUSTED, RECIPIENT_NOT_FOUND, RECIPIENT_REQUIRED, WRAP_NOT_VERIFIED, INPUT_CHANGED when something
 *   else than a rewrap or reseal changed the file meanwhile, and what opening throws
 */
export async function rewrap(at: string | URL | StoreLocation, options: RewrapOptions): Promise<Rewrapped> {
  checkChange(options, 'rewrap');
  if (isLocation(at)) return await rewrapObject(at, options);
  const path = checkPath(at, 'The path of the sealed file');
  await checkNoDirectory(path, 'rewrapBundle');
  await using locked = await openLocked(path, true, options);
  const { file } = locked;
  const { head, envelope } = await changed(file, path, options).catch((error: unknown) => {
    throw inFile(error, file.path);
  });
  const fits = encodeEnvelope(envelope).length <= copyCapacity(head.preamble.area);
  if (fits || !options.grow) await writeInPlace(file, head, envelope);
  else await writeAnew(file, head, envelope, options);
  return { recipients: envelope.slots.map(recipientOf), generation: envelope.generation, grown: !fits };
}

/** What stands beside it does so under the name that was given, also where that is a link. */
async function changed(
  file: FileSource,
  path: string,
  options: RewrapOptions,
): Promise<{ readonly head: Head; readonly envelope: Envelope }> {
  const head = await readHeadOf(file, options.signal);
  return { head, envelope: await newEnvelope(head, options, besideFile(path)) };
}

/** FORMAT.md §13.2: the copy that is not in use, then the other. */
async function writeInPlace(file: FileSource, head: Head, envelope: Envelope): Promise<void> {
  const bytes = encodeEnvelopeCopy(envelope, head.preamble.area);
  await checkStillOurs(file, head.copy.document);
  try {
    await writeCopy(file, bytes, 1 - head.copy.index);
    await writeCopy(file, bytes, head.copy.index);
  } catch (error) {
    throw ioError(error, `rewrap ${file.path}`);
  }
  // Where there are no locks, of two rewraps at the same moment one must not believe that it went through. The checksum in the first bytes tells them apart.
  for (const index of [0, 1]) {
    const found = await file.read(PREAMBLE_LENGTH + index * bytes.length, COPY_HEAD);
    if (Buffer.compare(found, bytes.subarray(0, COPY_HEAD)) !== 0) throw inputChanged(file.path);
  }
}

async function writeCopy(file: FileSource, bytes: Uint8Array, index: number): Promise<void> {
  const at = PREAMBLE_LENGTH + index * bytes.length;
  await writeAt(file.handle, bytes, at, file.path);
  await makeDurable(file.handle, 'datasync');
  const found = await file.read(at, bytes.length);
  if (Buffer.compare(found, bytes) === 0) return;
  // Whole, and not ours: somebody writes here who does not ask for the lock.
  if (parseCopy(found)) throw inputChanged(file.path);
  throw new WeightsealError(
    'IO_ERROR',
    'The disk gave back something other than what was written; the envelope in use is still whole.',
  );
}

async function writeAnew(
  source: FileSource,
  head: Head,
  envelope: Envelope,
  { signal, onProgress }: RewrapOptions,
): Promise<void> {
  await using file = await OutputFile.replacing(source);
  const preamble = preambleFor(areaForDocument(encodeEnvelope(envelope).length));
  await file.write(encodeHead(preamble, envelope), 0);
  const shift = preamble.payloadOffset - head.preamble.payloadOffset;
  const progress = progressCounter(source.size - head.preamble.payloadOffset, onProgress);
  await eachPiece(source, head, signal, async (bytes, at) => {
    await file.write(bytes, at + shift);
    progress(bytes.length);
  });
  await file.keepMode(source);
  throwIfAborted(signal);
  // What takes long comes before the last look.
  await file.sync();
  await source.checkSize();
  // Nobody authenticates what is copied; a time that has moved may be a byte that has.
  if (await source.touched()) {
    const written = await FileSource.of(file.path, file.handle);
    await eachPiece(source, head, signal, async (bytes, at) => {
      const copied = await written.read(at + shift, bytes.length, { signal });
      if (Buffer.compare(copied, bytes) !== 0) throw inputChanged(source.path);
    });
  }
  await checkStillOurs(source, head.copy.document);
  await file.publish();
}

/** The payload as it is, in pieces. */
async function eachPiece(
  source: FileSource,
  head: Head,
  signal: AbortSignal | undefined,
  use: (bytes: Uint8Array, at: number) => Promise<void>,
): Promise<void> {
  for (let at = head.preamble.payloadOffset; at < source.size; at += COPY_BYTES) {
    const length = Math.min(COPY_BYTES, source.size - at);
    await use(await source.read(at, length, { signal }), at);
  }
}
