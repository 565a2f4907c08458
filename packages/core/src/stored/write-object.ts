import { throwIfAborted } from '../errors.js';
import { FLOE_HEADER } from '../format/sizes.js';
import { type ByteSource, loadRange, readExactly } from '../io/byte-source.js';
import { anySignal } from '../keys/any-signal.js';
import type { StoreLocation } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import type { PartRules, WriteCondition } from '../store/object-store.js';
import { ObjectWriter } from '../store/object-writer.js';
import { codeOf } from '../store/outcome.js';
import { planParts } from '../store/part-plan.js';
import { readAhead } from '../store/read-ahead.js';
import { tuned } from '../store/tuning.js';
import { KeptUpload } from './kept-upload.js';
import type { OpenPiece } from './piece.js';
import { copyLength, isSealedHead, type PartRange, rangesOf } from './plan.js';

/** Of parts that are read while others are on their way out. */
const AHEAD_BYTES = 33_554_432;

/** What says that a store cannot copy. */
const UNABLE: readonly unknown[] = ['STORE_UNSUPPORTED', 'INPUT_NOT_FOUND'];

/** What it takes to write one. */
interface Work {
  readonly open: OpenPiece;
  readonly to: StoreLocation;
  readonly signal: AbortSignal;
  readonly progress: (bytes: number) => void;
}

/**
 * Writes an object of another's bytes: a small one in one request, a large one in parts, which the store copies by itself where both lie in it and it can. Of a large one that was cut off, what is there stays.
 *
 * @returns whether they begin as what is sealed does
 * @throws OUTPUT_EXISTS, INPUT_CHANGED, STORE_UNSUPPORTED, ABORTED, and what the places throw
 */
export async function writeObject(work: Work, condition: WriteCondition): Promise<boolean> {
  const { open, to, signal } = work;
  const { size } = open.source;
  if (!to.store.upload || size <= tuned(to.tuning, to.store).partBytes)
    return await whole(work, await ObjectWriter.create(to, { size, condition, signal }));
  const head = await readExactly(open.source, 0, Math.min(size, FLOE_HEADER), signal);
  const done = await inParts(work, condition, isWithin(open.source, to));
  if (!done) await inParts(work, condition, false);
  return isSealedHead(head);
}

function isWithin(source: ByteSource, to: StoreLocation): boolean {
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

/** Returns whether it is done; else the store could not copy it by itself. */
async function inParts(work: Work, condition: WriteCondition, within: boolean): Promise<boolean> {
  const { open, to, signal } = work;
  const { size } = open.source;
  const { partBytes } = tuned(to.tuning, to.store);
  const plan = (rules: PartRules, canCopy: boolean) => {
    const copies = within && canCopy;
    const length = copies ? copyLength(rules, size) : planParts(rules, { partBytes, size }).sizeOf(0);
    return { copies, partBytes: length };
  };
  await using kept = await KeptUpload.begin({ open, to, condition, signal, plan });
  try {
    await (kept.copies ? copyParts(work, kept) : sendParts(work, kept));
    await open.checkAtRest();
    throwIfAborted(signal);
    await kept.upload.complete();
    return true;
  } catch (error) {
    // Some that speak the language of a store do not know this word of it; and what one of two stores of the same name has, the other need not have.
    if (kept.copies && UNABLE.includes(codeOf(error))) return false;
    kept.failed(error);
    throw error;
  }
}

async function copyParts({ open, progress }: Work, { upload, partBytes }: KeptUpload): Promise<void> {
  const { object, size } = open.source as ObjectSource;
  for (const range of rangesOf(size, partBytes))
    if (upload.taken.has(range.index)) upload.skip(range.length);
    else await upload.copy({ ...range, from: object });
  // Nobody knows how far a store is that copies.
  progress(size);
}

/** What is read is what is sent, in memory that is used again: what waits for the garbage collector would be as much once more. */
async function sendParts({ open, signal, progress }: Work, { upload, partBytes }: KeptUpload): Promise<void> {
  const { source } = open;
  const missing = function* () {
    for (const range of rangesOf(source.size, partBytes)) {
      if (!upload.taken.has(range.index)) yield range;
      else {
        upload.skip(range.length);
        progress(range.length);
      }
    }
  };
  const spare: Uint8Array[] = [];
  for await (const { range, bytes } of piecesOf(source, missing(), spare, signal)) {
    const { index, offset, length } = range;
    const last = offset + length === source.size;
    await upload.send({ index, offset, bytes, last }, (free) => {
      if (free) spare.push(bytes);
    });
    progress(length);
  }
}

/** Pieces of a source, some of which are read ahead of whoever takes them. */
async function* piecesOf(
  source: ByteSource,
  ranges: Iterable<PartRange>,
  spare: Uint8Array[],
  signal: AbortSignal,
): AsyncGenerator<{ readonly range: PartRange; readonly bytes: Uint8Array }, void, undefined> {
  const ending = new AbortController();
  const either = anySignal(signal, ending.signal);
  const underWay: { readonly range: PartRange; readonly reading: Promise<Uint8Array> }[] = [];
  let bytesAhead = 0;
  const taken = async () => {
    const { range, reading } = underWay.shift()!;
    const bytes = await reading;
    bytesAhead -= range.length;
    return { range, bytes };
  };
  try {
    for (const range of ranges) {
      while (underWay.length > 0 && bytesAhead + range.length > AHEAD_BYTES) yield await taken();
      const bytes = memoryFor(range.length, spare);
      const reading = loadRange(source, range.offset, bytes, either).then(() => bytes);
      // Whoever awaits it later sees that it failed.
      reading.catch(() => {});
      underWay.push({ range, reading });
      bytesAhead += range.length;
    }
    while (underWay.length > 0) yield await taken();
  } finally {
    ending.abort();
    await Promise.allSettled(underWay.map(({ reading }) => reading));
  }
}

function memoryFor(length: number, spare: Uint8Array[]): Uint8Array {
  const bytes = spare.pop();
  return bytes?.length === length ? bytes : new Uint8Array(length);
}
