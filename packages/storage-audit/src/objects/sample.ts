import { createHash } from 'node:crypto';
import { WeightsealError } from '@weightseal/core';

const HASH_BITS = 48;

/** Whether an object is of the share that is looked into: by a hash of its name, so that it is the same each time, and nobody's order or naming favours some. */
export function isSampled(path: string, share: number): boolean {
  if (share >= 1) return true;
  const number = createHash('sha256')
    .update(path)
    .digest()
    .readUIntBE(0, HASH_BITS / 8);
  return number < share * 2 ** HASH_BITS;
}

/** @throws INVALID_ARGUMENT */
export function checkShare(share: unknown): asserts share is number {
  if (typeof share === 'number' && share > 0 && share <= 1) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    'The option `sample` of auditObjects must be a number above 0 and at most 1: the share of objects that is looked into.',
  );
}
