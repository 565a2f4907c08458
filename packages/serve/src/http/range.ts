// RFC 9110 §14: one range of bytes. Pure.

/** Bytes from `start` up to and without `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const ONE = /^bytes=[ \t]*(?:([0-9]+)-([0-9]+)?|-([0-9]+))[ \t]*$/i;

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
  // §14.1.1: one that ends before it begins is none. They may have more digits than a number.
  if (last !== undefined && BigInt(last) < BigInt(first!)) return undefined;
  const [start, end] = [Number(first), last === undefined ? size : Number(last) + 1];
  return start >= size ? 'unsatisfiable' : { start, end: Math.min(end, size) };
}
