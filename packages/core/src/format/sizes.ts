import { WeightsealError } from '../errors.js';

// FORMAT.md §9: the arithmetic of segments. Everything here is in bytes.
/** @hidden */
export const FLOE_HEADER = 74;
/** What a segment has beside its plaintext: marker 4, nonce 12, tag 16. */
export const OVERHEAD = 32;
export const SEGMENT_HEAD = 16;
export const TAG = 16;
export const MIN_SEGMENT = 64;
export const MAX_SEGMENT = 16_777_216;
/** FORMAT.md §9.11; docs/performance.md has the measurement. */
export const DEFAULT_SEGMENT = 1_048_608;
/** FLOE's AEAD_MAX_SEGMENTS. */
const MAX_SEGMENTS = 2 ** 40;
export const NOT_FINAL = 0xffffffff;

/** How a payload divides into segments. */
export interface Segments {
  readonly segmentLength: number;
  readonly count: number;
  /** Encrypted length of the last segment, 32 to `segmentLength`. */
  readonly finalLength: number;
  readonly plaintextSize: number;
}

export function checkSegmentLength(length: number): void {
  if (Number.isInteger(length) && length >= MIN_SEGMENT && length <= MAX_SEGMENT) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `The segment length must be a whole number from ${MIN_SEGMENT} to ${MAX_SEGMENT} bytes.`,
  );
}

/** The segments that a plaintext of this size is sealed into: the last is empty only when all is (§9.5). */
export function segmentsOfPlaintext(plaintextSize: number, segmentLength: number): Segments {
  const perSegment = segmentLength - OVERHEAD;
  const count = Math.max(1, Math.ceil(plaintextSize / perSegment));
  if (count > MAX_SEGMENTS) {
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'The input has more than 2^40 segments; choose a larger segment length.',
    );
  }
  return {
    segmentLength,
    count,
    finalLength: plaintextSize - (count - 1) * perSegment + OVERHEAD,
    plaintextSize,
  };
}

/** The segments of a payload body (what follows the 74-byte header). The last may be too short to be one: §9.6. */
export function segmentsOfBody(bodyLength: number, segmentLength: number): Segments {
  const count = Math.max(1, Math.ceil(bodyLength / segmentLength));
  const finalLength = bodyLength - (count - 1) * segmentLength;
  if (count > MAX_SEGMENTS)
    throw new WeightsealError('PAYLOAD_HEADER_INVALID', 'The payload has more than 2^40 segments.');
  return { segmentLength, count, finalLength, plaintextSize: Math.max(0, bodyLength - count * OVERHEAD) };
}
