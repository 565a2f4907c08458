import { throwIfAborted } from '../errors.js';
import { FLOE_HEADER } from '../format/sizes.js';
import { type ByteSource, loadRange, readExactly } from '../io/byte-source.js';
import { anySignal } from '../keys/any-signal.js';
import type { StoreLocation } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import type { WriteCondition } from '../store/object-store.js';
import { ObjectUpload } from '../store/object-upload.js';
import { ObjectWriter } from '../store/object-writer.js';
import { codeOf } from '../store/outcome.js';
import { planParts } from '../store/part-plan.js';
import { readAhead } from '../store/read-ahead.js';
import { tuned } from '../store/tuning.js';
import type { OpenPiece } from './piece.js';
import { copyRanges, isSealedHead } from './plan.js';

/** Of parts that are read while others are on their way out. */
const AHEAD_BYTES = 33_554_432;

/** What it takes to write one. */
interface Work {
  readonly open: OpenPiece;
  readonly to: StoreLocation;
  readonly signal: AbortSignal;
  readonly progress: (bytes: number) => void;
}

/**
 * Writes an object of another's bytes: a small one in one request, a large one in parts, which the store copies by itself where both lie in it and it can.
 *
 * @returns whether they begin as what is sealed does
 * @throws OUTPUT_EXISTS, INPUT_CHANGED, STORE_UNSUPPORTED, ABORTED, and what the places throw
 */
export async function writeObject(work: Work, condition: WriteCondition): Promise<boolean> {
  const { open, to, signal } = work;
  const { size } = open.source;
  const options = { size, condition, signal };
  if (!to.store.upload || size <= tuned(to.tuning, to.store).partBytes)
    return await whole(work, await ObjectWriter.create(to, options));
  const upload = await ObjectUpload.begin(to, { ...options, copyOf: open.source });
  if (!upload.canCopy || !isWithin(open.source, to)) return await inParts(work, upload);
  try {
    return await copied(work, open.source, upload);
  } catch (error) {
    // Some that speak the language of a store do not know this word of it; and what one of two stores of the same name has, the other need not have.
    if (!['STORE_UNSUPPORTED', 'INPUT_NOT_FOUND'].includes(codeOf(error) ?? '')) throw error;
  }
  return await inParts(work, await ObjectUpload.begin(to, options));
}

function isWithin(source: ByteSource, to: StoreLocation): source is ObjectSource {
  return source instanceof ObjectSource && source.location.store.uri === to.store.uri;
}

async function whole({ open, signal, progress }: Work, given: ObjectWriter): Promise<boolean> {
  await using writer = given;
  let sealed = false;
  let first = true;
  for await (const bytes of readAhead(open.source, 0, open.source.size, signal)) {
    if (first) sealed = isSealedHead(bytes);
    first = false;
    await writer.write(bytes);
    progress(bytes.length);
  }
  await open.checkAtRest();
  throwIfAborted(signal);
  await writer.complete();
  return sealed;
}

/** What is read is what is sent, in memory that is used again: what waits for the garbage collector would be as much once more. */
async function inParts({ open, to, signal, progress }: Work, given: ObjectUpload): Promise<boolean> {
  await using upload = given;
  const { size } = open.source;
  const { partBytes } = tuned(to.tuning, to.store);
  const length = planParts(upload.rules, { partBytes, size }).sizeOf(0);
  const spare: Uint8Array[] = [];
  let sealed = false;
  let offset = 0;
  for await (const bytes of piecesOf(open.source, length, spare, signal)) {
    if (offset === 0) sealed = isSealedHead(bytes);
    const last = offset + bytes.length === size;
    await upload.send({ index: offset / length, offset, bytes, last }, (free) => {
      if (free) spare.push(bytes);
    });
    offset += bytes.length;
    progress(bytes.length);
  }
  await open.checkAtRest();
  throwIfAborted(signal);
  await upload.complete();
  return sealed;
}

/** All of a source in pieces of one length, some of which are read ahead of whoever takes them. */
async function* piecesOf(
  source: ByteSource,
  length: number,
  spare: Uint8Array[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const ahead = Math.max(1, Math.floor(AHEAD_BYTES / length));
  const ending = new AbortController();
  const either = anySignal(signal, ending.signal);
  const underWay: Promise<Uint8Array>[] = [];
  try {
    for (let next = 0; next < source.size || underWay.length > 0; ) {
      for (; next < source.size && underWay.length < ahead; next += length) {
        const bytes = memoryFor(Math.min(length, source.size - next), spare);
        const reading = loadRange(source, next, bytes, either).then(() => bytes);
        // Whoever awaits it later sees that it failed.
        reading.catch(() => {});
        underWay.push(reading);
      }
      yield await underWay.shift()!;
    }
  } finally {
    ending.abort();
    await Promise.allSettled(underWay);
  }
}

function memoryFor(length: number, spare: Uint8Array[]): Uint8Array {
  const bytes = spare.pop();
  return bytes?.length === length ? bytes : new Uint8Array(length);
}

async function copied(
  { signal, progress }: Work,
  source: ObjectSource,
  given: ObjectUpload,
): Promise<boolean> {
  await using upload = given;
  const head = await readExactly(source, 0, Math.min(source.size, FLOE_HEADER), signal);
  for (const range of copyRanges(upload.rules, source.size))
    await upload.copy({ ...range, from: source.object });
  await upload.complete();
  // Nobody knows how far a store is that copies.
  progress(source.size);
  return isSealedHead(head);
}
