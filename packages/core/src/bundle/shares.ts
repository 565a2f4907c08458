import { recordAt } from '../format/records.js';
import type { Reads } from '../io/reads.js';
import type { Entry } from './entry.js';
import { segmentLengthOf } from './member-payload.js';
import type { AtOnce } from './storage.js';

// How the members of a bundle share the requests of a store, and the memory for what comes: about 100 MiB for large ones, and then 48 MiB for small ones.

/** Tasks of small members, each of at most 8 MiB, that are brought at once. */
export const SMALL_AT_ONCE = 6;
const LARGE_AT_ONCE = 4;
/** In order, what has come waits for what has not: each needs more memory. */
const ORDERED_AT_ONCE = 2;
const BYTES = 104 * 1_048_576;
/** Several at once ask for less at a time, so that all requests can be under way. */
const LESS = 2_097_152;
/** Slots of a pass beyond its reads: engine/pass.ts. */
const MORE_SLOTS = 7;

/** Several at once, so that the end of one is no pause: each with its part of the requests. */
export function shareOf(
  { concurrency, requestBytes }: Reads,
  large: readonly Entry[],
  records: SharedArrayBuffer,
  ordered: boolean,
): Omit<AtOnce, 'small'> {
  const segment = large.reduce((most, entry) => Math.max(most, segmentOf(entry, records)), 0);
  const less = Math.min(requestBytes, LESS);
  const fitting = (count: number, bytes: number) =>
    Math.floor(BYTES / (count * Math.max(bytes, segment))) - MORE_SLOTS;
  const most = ordered ? ORDERED_AT_ONCE : LARGE_AT_ONCE;
  for (let count = Math.min(large.length, most); count > 1; count--) {
    const each = Math.ceil(concurrency / count);
    const bytes = [requestBytes, less].find((one) => fitting(count, one) >= each);
    if (bytes !== undefined) return { large: count, reads: { concurrency: each, requestBytes: bytes } };
  }
  const bytes = fitting(1, requestBytes) >= concurrency ? requestBytes : less;
  const each = Math.max(1, Math.min(concurrency, fitting(1, bytes)));
  return { large: 1, reads: { concurrency: each, requestBytes: bytes } };
}

function segmentOf({ kind, record }: Entry, records: SharedArrayBuffer): number {
  return kind === 'sealed' ? segmentLengthOf(recordAt(records, record).header) : 0;
}
