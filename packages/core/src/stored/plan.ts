import { isFloeHeader } from '../format/floe.js';
import { ENVELOPE_NAME, parentOf, TABLE_NAME } from '../format/path.js';
import { isSealed, PREAMBLE_LENGTH, parsePreamble } from '../format/preamble.js';
import { FLOE_HEADER } from '../format/sizes.js';
import type { PartRules } from '../store/object-store.js';
import { partOf, tooMuch } from '../store/part-plan.js';

// What is copied when, in which pieces, and how much of it is compared. Pure.

/** So much of two files is compared where that says that they are the same. */
export const HEAD_BYTES = 65_536;
/** A server copies a part of this length in seconds, and several at once. */
const COPY_BYTES = 268_435_456;

/** In which order files are copied: what makes a bundle of them comes last, so that a copy which is cut off is none. What stands beside a file comes after it. */
export function rank(kind: 'file' | 'bundle', path: string): number {
  if (kind === 'file') return path === '' ? 0 : 1;
  if (path === ENVELOPE_NAME) return 2;
  return path === TABLE_NAME ? 1 : 0;
}

/** The directories that files of a bundle are in, those above first. */
export function parentsOf(pieces: readonly { readonly path: string }[]): string[] {
  const all = new Set<string>();
  for (const { path } of pieces)
    for (let at = parentOf(path); at !== '' && !all.has(at); at = parentOf(at)) all.add(at);
  return [...all].sort();
}

/** Whether what begins so is sealed: with keys that are used once, and numbers that nobody has drawn twice. */
export function isSealedHead(head: Uint8Array): boolean {
  return isSealed(head) || isFloeHeader(head.subarray(0, FLOE_HEADER));
}

/** Whether files of this size that begin so, both of them, are the same, or the rest has to be compared too: an envelope of many keys is longer, and a rewrap changes its second copy alone. */
export function headSays(size: number, head: Uint8Array): boolean {
  if (size <= head.length) return true;
  if (isSealed(head)) return payloadOffsetIn(head) + FLOE_HEADER <= head.length;
  return isSealedHead(head);
}

function payloadOffsetIn(head: Uint8Array): number {
  try {
    return parsePreamble(head.subarray(0, PREAMBLE_LENGTH)).payloadOffset;
  } catch {
    // Whatever it is, it is no file of ours.
    return Number.POSITIVE_INFINITY;
  }
}

/** Of how many bytes a part is that a store copies. @throws STORE_UNSUPPORTED for more bytes than it takes in parts */
export function copyLength(rules: PartRules, size: number): number {
  const length = partOf(Math.max(COPY_BYTES, Math.ceil(size / rules.count)), rules);
  if (size > length * rules.count) throw tooMuch(rules);
  return length;
}

export interface PartRange {
  readonly index: number;
  readonly offset: number;
  readonly length: number;
}

/** One by one: there can be more than memory has room for. */
export function* rangesOf(size: number, length: number): Generator<PartRange> {
  for (let offset = 0, index = 0; offset < size; offset += length, index++)
    yield { index, offset, length: Math.min(length, size - offset) };
}
