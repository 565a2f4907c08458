import { atOnce } from '../engine/at-once.js';
import { throwIfAborted } from '../errors.js';
import { FLOE_HEADER } from '../format/sizes.js';
import { type ByteSource, readExactly } from '../io/byte-source.js';
import { ObjectSource } from '../store/object-source.js';
import { readAhead } from '../store/read-ahead.js';
import type { Expected } from './checks.js';
import { FollowingDigest } from './following-digest.js';
import { PartialFile } from './partial-file.js';
import type { OpenPiece } from './piece.js';
import { isSealedHead } from './plan.js';

const LANES = 16;
/** As much as one write takes. */
const BATCH_BYTES = 1_048_576;

export type Progress = (bytes: number) => void;

/** What has come, and was thrown away, is not what was expected. */
export class OtherBytes extends Error {
  /** Whether some of it had come before. */
  readonly mixed: boolean;

  constructor(mixed: boolean) {
    super('What has come is not what was expected.');
    this.mixed = mixed;
  }
}

/** Copies in order. Returns whether what was copied begins as what is sealed does. @throws OtherBytes */
export async function pour(
  from: OpenPiece,
  write: (bytes: Uint8Array, offset: number) => Promise<void>,
  signal: AbortSignal,
  progress: Progress,
  expected?: Expected,
): Promise<boolean> {
  let at = 0;
  let sealed = false;
  await using digest = expected && new FollowingDigest(expected, from.source.size);
  for await (const bytes of readAhead(from.source, 0, from.source.size, signal)) {
    if (at === 0) sealed = isSealedHead(bytes);
    await digest?.update(bytes);
    await write(bytes, at);
    at += bytes.length;
    progress(bytes.length);
  }
  await from.checkAtRest();
  throwIfAborted(signal);
  if (digest && !(await digest.matches())) throw new OtherBytes(false);
  return sealed;
}

/** An object of several stretches. */
export interface LongSource extends ObjectSource {
  readonly stretchBytes: number;
}

export function isLong(source: ByteSource): source is LongSource {
  return source instanceof ObjectSource && source.size > (source.stretchBytes ?? Number.POSITIVE_INFINITY);
}

/** Where a long object is put. */
export interface LongPlace {
  readonly path: string;
  /** For messages. */
  readonly name: string;
  move(from: string): Promise<void>;
  /** Told of bytes that had come before. */
  onPresent?(bytes: number): void;
}

/** Copies all of a long object to a path in a directory of ours alone, or what is missing there of it, and moves it when it is whole. Returns what `pour` does. */
export async function pourLong(
  source: LongSource,
  at: LongPlace,
  signal: AbortSignal,
  progress: Progress,
  expected?: Expected,
): Promise<boolean> {
  const { uri, object, size, stretchBytes } = source;
  const head = await readExactly(source, 0, Math.min(size, FLOE_HEADER), signal);
  // What is known by its digest is the same wherever it comes from.
  const of = { from: expected ? 'anywhere' : uri, version: object.version, size, stretchBytes };
  await using file = await PartialFile.open(at.path, at.name, of);
  const mixed = file.done.size > 0;
  await using digest = expected && new FollowingDigest(expected, size);
  const present = await pourStretches(source, file, digest, signal, progress);
  throwIfAborted(signal);
  if (digest && !(await digest.matches())) {
    await file.forget();
    throw new OtherBytes(mixed);
  }
  await file.finish(at.move);
  if (present > 0) at.onPresent?.(present);
  return isSealedHead(head);
}

/** Returns how many bytes had come before. */
async function pourStretches(
  source: LongSource,
  file: PartialFile,
  digest: FollowingDigest | undefined,
  signal: AbortSignal,
  progress: Progress,
): Promise<number> {
  const { size, stretchBytes } = source;
  const memory: Uint8Array[] = [];
  let present = 0;
  const there = (start: number) => digest?.follow(file.fd, start, stretchBytes, size);
  await atOnce(startsOf(size, stretchBytes), LANES, signal, async (start) => {
    const end = Math.min(size, start + stretchBytes);
    if (file.done.has(start)) {
      present += end - start;
      progress(end - start);
      return await there(start);
    }
    const stretch = source.stretch(start, end - start);
    const batch = memory.pop() ?? new Uint8Array(BATCH_BYTES);
    try {
      for (let at = start; at < end; at += batch.length) {
        const bytes = batch.subarray(0, Math.min(batch.length, end - at));
        await stretch.readInto(bytes, signal);
        await file.write(bytes, at);
        progress(bytes.length);
      }
      await file.mark(start);
      memory.push(batch);
    } finally {
      await stretch.close(signal);
    }
    await there(start);
  });
  return present;
}

/** One by one: of short stretches there can be more than memory has room for. */
function* startsOf(size: number, stretchBytes: number): Generator<number> {
  for (let start = 0; start < size; start += stretchBytes) yield start;
}
