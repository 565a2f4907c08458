import { WeightsealError } from '../errors.js';
import type { Context } from '../format/context.js';
import type { KeySlot } from '../format/slot.js';
import type { KeyWrapper } from './key-wrapper.js';
import { copyOf, lendToUnwrap } from './lent.js';
import type { DataKey } from './secret.js';

/**
 * One key under two names, a key file under two paths say, would be two recipients: who takes one of them out has locked nobody out. Only keys that
 * can tell for nothing are asked, by what their own file holds and not by its path; what a service would be asked for is left alone.
 *
 * @param added the slots that the keys have just made, in their order
 * @param kept those that stay beside them
 * @throws INVALID_ARGUMENT
 */
export async function checkDistinct(
  dataKey: DataKey,
  keys: readonly KeyWrapper[],
  added: readonly KeySlot[],
  kept: readonly KeySlot[],
  context: Context,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const key of keys) {
    for (const slot of [...added, ...kept]) {
      if (slot.keyUri === key.uri || !tellsForNothing(key, slot)) continue;
      if (!(await opens(key, slot, dataKey, context, signal))) continue;
      throw new WeightsealError(
        'INVALID_ARGUMENT',
        kept.includes(slot)
          ? `${key.uri} is the same key as ${slot.keyUri}, which is a recipient already. Nothing need be added; to have it named as you do now, remove the old name too (--to, --remove).`
          : `${key.uri} and ${slot.keyUri} are the same key; name it once.`,
      );
    }
  }
}

function tellsForNothing(key: KeyWrapper, slot: KeySlot): boolean {
  if (slot.provider !== key.provider) return false;
  if (typeof key.fits !== 'function' || typeof key.effort !== 'function') return false;
  return key.fits(copyOf(slot)) === true && key.effort(copyOf(slot)) === 0;
}

async function opens(
  key: KeyWrapper,
  slot: KeySlot,
  dataKey: DataKey,
  context: Context,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    using found = await lendToUnwrap(key, slot, context, signal);
    return found.equals(dataKey);
  } catch (error) {
    if (signal?.aborted) throw error;
    return false;
  }
}
