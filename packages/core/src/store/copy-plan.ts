import type { PartRules } from './object-store.js';
import { partOf, tooMuch } from './part-plan.js';

/** A server copies a part of this length in seconds, and several at once. */
const COPY_BYTES = 268_435_456;

export interface Replacing {
  /** Bytes of the object as it is. */
  readonly size: number;
  /** Where in it what stays begins. */
  readonly from: number;
  /** Bytes of what stands before that from now on. */
  readonly head: number;
}

export interface CopyPlan {
  /** How many bytes of what stays come here, and go back with the head in the first part: all but the last part must have some length. */
  readonly through: number;
  /** What the store copies by itself: ranges of the object as it is, for the parts from number 1 on. */
  readonly copies: readonly { readonly index: number; readonly offset: number; readonly length: number }[];
}

/** How an object gets another beginning without being downloaded. @throws STORE_UNSUPPORTED for more bytes than the store takes in parts */
export function planCopy(rules: PartRules, { size, from, head }: Replacing): CopyPlan {
  const stays = size - from;
  const through = Math.min(stays, Math.max(0, partOf(head, rules) - head));
  const rest = stays - through;
  const parts = Math.max(1, rules.count - 1);
  const length = partOf(Math.max(COPY_BYTES, Math.ceil(rest / parts)), rules);
  if (head + through > rules.most || rest > length * parts) throw tooMuch(rules);
  const copies = [];
  for (let done = 0, index = 1; done < rest; done += length, index++)
    copies.push({ index, offset: from + through + done, length: Math.min(length, rest - done) });
  return { through, copies };
}
