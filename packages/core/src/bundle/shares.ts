import { recordAt } from '../format/records.js';
import type { Reads } from '../io/reads.js';
import type { Entry } from './entry.js';
import { segmentLengthOf } from './member-payload.js';
import type { AtOnce } from './storage.js';

// How the members of a bundle share the requests of a store, and the memory for what comes: 160 MiB for large ones, and then 48 MiB for small ones.

/** Tasks of small members, each of at most 8 MiB, that are brought at once. */
export const SMALL_AT_ONCE = 6;
const LARGE_AT_ONCE = 4;
const BYTES = 160 * 1_048_576;
/** Slots of a pass beyond its reads: engine/pass.ts. */
const MORE_SLOTS = 7;

/** Several at once, so that the end of one is no pause: each with its part of the requests. */
export function shareOf(
  { concurrency, requestBytes }: Reads,
  large: readonly Entry[],
  records: SharedArrayBuffer,
): Omit<AtOnce, 'small'> {
  const unit = large.reduce((most, entry) => Math.max(most, segmentOf(entry, records)), requestBytes);
  for (let count = Math.max(1, Math.min(large.length, LARGE_AT_ONCE)); ; count--) {
    const fitting = Math.floor(BYTES / (count * unit)) - MORE_SLOTS;
    if (fitting < 1 && count > 1) continue;
    const each = Math.max(1, Math.min(fitting, Math.ceil(concurrency / count)));
    return { large: count, reads: { concurrency: each, requestBytes } };
  }
}

function segmentOf({ kind, record }: Entry, records: SharedArrayBuffer): number {
  return kind === 'sealed' ? segmentLengthOf(recordAt(records, record).header) : 0;
}
