import { ENVELOPE_NAME, TABLE_NAME } from '../bundle/path.js';
import { isFloeHeader } from '../format/floe.js';
import { isSealed } from '../format/preamble.js';
import { FLOE_HEADER } from '../format/sizes.js';
import type { PartRules } from '../store/object-store.js';
import { partOf, tooMuch } from '../store/part-plan.js';

// What is copied when, in which pieces, and how much of it is compared. Pure.

/** So much of two files is compared where that says that they are the same. */
export const HEAD_BYTES = 65_536;
/** A server copies a part of this length in seconds, and several at once. */
const COPY_BYTES = 268_435_456;

/** In which order files are copied: what makes a bundle of them comes last, so that a copy which is cut off is none. */
export function rank(path: string): number {
  if (path === ENVELOPE_NAME) return 2;
  return path === TABLE_NAME ? 1 : 0;
}

/** Whether what begins so is sealed: with keys that are used once, and numbers that nobody has drawn twice. */
export function isSealedHead(head: Uint8Array): boolean {
  return isSealed(head) || isFloeHeader(head.subarray(0, FLOE_HEADER));
}

/** Whether files of this size that begin so, both of them, are the same, or the rest has to be compared too. */
export function headSays(size: number, head: Uint8Array): boolean {
  return size <= head.length || isSealedHead(head);
}

/** Ranges of an object that its store makes parts of another of. @throws STORE_UNSUPPORTED for more bytes than it takes in parts */
export function copyRanges(
  rules: PartRules,
  size: number,
): { readonly index: number; readonly offset: number; readonly length: number }[] {
  const length = partOf(Math.max(COPY_BYTES, Math.ceil(size / rules.count)), rules);
  if (size > length * rules.count) throw tooMuch(rules);
  const ranges = [];
  for (let offset = 0, index = 0; offset < size; offset += length, index++)
    ranges.push({ index, offset, length: Math.min(length, size - offset) });
  return ranges;
}
