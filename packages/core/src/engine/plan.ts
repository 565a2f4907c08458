import type { FloeMessage } from '../format/floe.js';
import { OVERHEAD, type Segments } from '../format/sizes.js';

/** A run of segments that one task does. */
export interface Batch {
  readonly first: number;
  readonly count: number;
  /** The encrypted length of the payload's last segment when this batch ends with it. */
  readonly finalLength?: number;
  /** Offset and length of the batch's plaintext within the payload's plaintext. */
  readonly plainOffset: number;
  readonly plainLength: number;
  /** Offset and length of the batch's segments within the payload's body. */
  readonly bodyOffset: number;
  readonly bodyLength: number;
}

const MAX_PER_BATCH = 1024;

/**
 * How many segments make a batch of about `bytes`: a power of two, so that no batch crosses a key rotation (2^20
 * segments), and few enough that an abort is heard soon.
 */
export function batchCount(segmentLength: number, bytes: number): number {
  const most = Math.min(MAX_PER_BATCH, Math.max(1, Math.floor(bytes / segmentLength)));
  return 2 ** Math.floor(Math.log2(most));
}

export function batchAt(segments: Segments, first: number, most: number): Batch {
  const { segmentLength, finalLength } = segments;
  const count = Math.min(most, segments.count - first);
  const holdsLast = first + count === segments.count;
  const length = (count - 1) * segmentLength + (holdsLast ? finalLength : segmentLength);
  return {
    first,
    count,
    ...(holdsLast && { finalLength }),
    plainOffset: first * (segmentLength - OVERHEAD),
    plainLength: length - count * OVERHEAD,
    bodyOffset: first * segmentLength,
    bodyLength: length,
  };
}

/** The batches of a payload, or of its segments `from` (inclusive) to `to` (exclusive), each starting at a multiple of `size`. */
export function* batches(
  segments: Segments,
  size: number,
  from = 0,
  to: number = segments.count,
): Generator<Batch> {
  for (let first = from; first < to; ) {
    const untilAligned = size - (first % size);
    const batch = batchAt(segments, first, Math.min(untilAligned, to - first));
    yield batch;
    first += batch.count;
  }
}

/** The part of a task that follows from the batch and the message. */
export function taskOf(
  batch: Batch,
  message: FloeMessage,
): { key: SharedArrayBuffer; segmentLength: number; first: number; count: number; finalLength?: number } {
  const { first, count, finalLength } = batch;
  return {
    key: message.segmentKey(first),
    segmentLength: message.segmentLength,
    first,
    count,
    ...(finalLength !== undefined && { finalLength }),
  };
}
