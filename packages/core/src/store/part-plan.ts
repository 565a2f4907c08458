import { WeightsealError } from '../errors.js';
import type { PartRules } from './object-store.js';

// Into which parts what is written is cut. Pure arithmetic; everything is in bytes.

/** Where nobody knows how much comes, parts become twice as long so many times before there are too many of them. */
const STEPS = 10;
/** All parts that are on their way at once are no more than this, or are one. */
export const SENDING_BYTES = 134_217_728;

export interface PartPlan {
  /** How long part `index`, from 0, is where it is not the last. */
  sizeOf(index: number): number;
  /** Whether the first part can be sent when all others have been. */
  readonly firstLast: boolean;
}

export interface Wanted {
  /** How long a part is to be, where the rules allow it. */
  readonly partBytes: number;
  /** Bytes in all, where that is known. */
  readonly size?: number | undefined;
  /** How many bytes at the beginning are known only at the end. */
  readonly head?: number | undefined;
}

/** The length that the rules allow for a part that is not the last, and that is nearest to this one. */
export function partOf(bytes: number, { least, most, multiple }: PartRules): number {
  const longest = Math.max(multiple, Math.floor(most / multiple) * multiple);
  return Math.min(longest, Math.ceil(Math.max(bytes, least, 1) / multiple) * multiple);
}

/** @throws STORE_UNSUPPORTED for more bytes than the store takes */
export function planParts(rules: PartRules, { partBytes, size, head }: Wanted): PartPlan {
  // As short as it can be, since it is held in memory until the end.
  const first = head === undefined ? undefined : partOf(head, rules);
  const firstLast = rules.anyOrder && first !== undefined && first >= head!;
  const held = firstLast ? first! : undefined;
  const length = size === undefined ? growing(rules, partBytes) : even(rules, partBytes, size, held);
  return { firstLast, sizeOf: (index) => (index === 0 && held !== undefined ? held : length(index)) };
}

function even(
  rules: PartRules,
  partBytes: number,
  size: number,
  first: number | undefined,
): PartPlan['sizeOf'] {
  const rest = Math.max(0, size - (first ?? 0));
  const parts = first === undefined ? rules.count : rules.count - 1;
  const length = partOf(Math.max(partBytes, Math.ceil(rest / Math.max(1, parts))), rules);
  if (rest > length * parts) throw tooMuch(rules);
  return () => length;
}

function growing(rules: PartRules, partBytes: number): PartPlan['sizeOf'] {
  const step = Math.max(1, Math.floor(rules.count / STEPS));
  return (index) => {
    if (index >= rules.count) throw tooMuch(rules);
    return partOf(partBytes * 2 ** Math.floor(index / step), rules);
  };
}

/** How many parts of this length may be on their way at once. */
export function atOnceOf({ anyOrder }: PartRules, concurrency: number, partBytes: number): number {
  if (!anyOrder) return 1;
  return Math.max(1, Math.min(concurrency, Math.floor(SENDING_BYTES / Math.max(1, partBytes))));
}

export function tooMuch({ count, most }: PartRules): WeightsealError {
  return new WeightsealError(
    'STORE_UNSUPPORTED',
    `The store takes an object in at most ${count} parts of at most ${most} bytes, and there are more bytes than that. Say how many there will be if you did not, or seal it in pieces.`,
  );
}
