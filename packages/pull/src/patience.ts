import { WeightsealError } from '@weightseal/core';
import type { Mirror } from './mirror.js';

/** So long it is looked at how much one sends. */
const WINDOW_MS = 10_000;
/** Whoever sends less, in one of up to 16 answers at once, is of little use while somebody else is well. */
const LEAST_BYTES_PER_MS = 16_384 / 1000;

/**
 * Says of each piece whether less comes than somebody else would send. Only the time counts for which it was waited. All of them have their turn before the time is over that a range may take.
 *
 * @param deadlineMs where that is another than usual
 */
export function patience(
  mirrors: number,
  deadlineMs: number = Number.POSITIVE_INFINITY,
): (bytes: number, waitedMs: number) => boolean {
  const windowMs = Math.min(WINDOW_MS, deadlineMs / (2 * mirrors));
  let come = 0;
  let waited = 0;
  return (bytes, waitedMs) => {
    come += bytes;
    waited += waitedMs;
    if (waited < windowMs) return false;
    const slow = come < LEAST_BYTES_PER_MS * waited;
    come = 0;
    waited = 0;
    return slow;
  };
}

export function tooSlow({ uri }: Mirror): WeightsealError {
  return new WeightsealError(
    'STORE_UNAVAILABLE',
    `${uri} sends so little that the next mirror is asked. See what keeps it, or leave it out.`,
  );
}
