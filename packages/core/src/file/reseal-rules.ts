import { WeightsealError } from '../errors.js';
import type { KeySlot } from '../format/slot.js';
import type { KeyWrapper } from '../keys/key-wrapper.js';
import { slotsToKeep } from '../keys/recipients.js';
import type { ResealOptions } from './reseal.js';

// What every reseal keeps to, wherever it writes.

/** The keys for whom the new data key is wrapped: those of all who stay, and who is added. @throws RECIPIENT_REQUIRED, RECIPIENT_NOT_FOUND */
export function recipientsAfter(
  slots: readonly KeySlot[],
  { keys, add = [], remove = [] }: Pick<ResealOptions, 'keys' | 'add' | 'remove'>,
): KeyWrapper[] {
  const kept = slotsToKeep(slots, { add, remove });
  const keepers = kept.map((slot) => {
    const key = keys.find(({ uri, provider }) => uri === slot.keyUri && provider === slot.provider);
    if (key) return key;
    throw new WeightsealError(
      'RECIPIENT_REQUIRED',
      `${slot.keyUri} is a recipient, and a new data key can be wrapped for it only with its key. Name it as a key too, or remove it. If it is a key that you named, under another name or path, remove the old name and add the key as it is named now (--to, --remove).`,
    );
  });
  return [...new Set([...keepers, ...add])];
}

/** @throws INTERNAL */
export function checkResealed(now: number, before: number): void {
  if (now === before) return;
  throw new WeightsealError(
    'INTERNAL',
    'The resealed file has another size than the old one, which is untouched. Report this.',
  );
}
