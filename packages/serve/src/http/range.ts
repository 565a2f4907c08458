// RFC 9110 §14: one range of bytes. Pure.

/** Bytes from `start` up to and without `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const ONE = /^bytes=[ \t]*(?:([0-9]{1,20})-([0-9]{1,20})?|-([0-9]{1,20}))[ \t]*$/i;

/**
 * What of a file of so many bytes a `Range` asks for. What breaks its grammar, another unit, and several ranges at once are as if it had not been said (§14.2).
 *
 * @returns undefined for the whole
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const found = header === undefined ? null : ONE.exec(header);
  if (!found) return undefined;
  const [, first, last, suffix] = found;
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size };
  }
  const [start, end] = [Number(first), last === undefined ? Number.POSITIVE_INFINITY : Number(last) + 1];
  // §14.1.1: one that ends before it begins is none.
  if (end <= start) return undefined;
  return start >= size ? 'unsatisfiable' : { start, end: Math.min(end, size) };
}
