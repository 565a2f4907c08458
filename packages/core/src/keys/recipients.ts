import { checkKinds } from '../common/arguments.js';
import { WeightsealError } from '../errors.js';
import type { KeySlot } from '../format/slot.js';
import type { KeyWrapper } from './key-wrapper.js';
import { checkKeys } from './wrap.js';

/** A change of who may open a file. */
export interface RecipientChange {
  /** Keys to wrap the data key for; one that is a recipient already is wrapped anew, with its present version. */
  readonly add: readonly KeyWrapper[];
  /** URIs, as `inspect` shows them, of recipients to take out. */
  readonly remove: readonly string[];
}

/** The options of what changes recipients. @throws INVALID_ARGUMENT */
export function checkChange(
  options: { readonly keys: readonly KeyWrapper[] } & Partial<RecipientChange>,
  of: string,
): void {
  const { keys, add = [], remove = [] } = checkKinds(options, of);
  checkKeys(keys);
  checkKeys(add, 'add');
  if (remove.every((uri) => typeof uri === 'string')) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    'The option `remove` must be an array of key URIs, as `inspect` shows them.',
  );
}

/**
 * The slots that stay as they are.
 *
 * @throws RECIPIENT_NOT_FOUND for a URI to remove that is no recipient, RECIPIENT_REQUIRED when nobody would be left
 */
export function slotsToKeep(slots: readonly KeySlot[], { add, remove }: RecipientChange): KeySlot[] {
  const missing = remove.find((uri) => !slots.some((slot) => slot.keyUri === uri));
  if (missing !== undefined) {
    const present = slots.map((slot) => slot.keyUri).join(', ');
    throw new WeightsealError(
      'RECIPIENT_NOT_FOUND',
      `${missing} is no recipient of the file; its recipients are ${present}.`,
    );
  }
  const added = new Set(add.map((key) => key.uri));
  const contradiction = remove.find((uri) => added.has(uri));
  if (contradiction !== undefined) {
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${contradiction} is to be added and removed at once; say one of them.`,
    );
  }
  const kept = slots.filter((slot) => !remove.includes(slot.keyUri) && !added.has(slot.keyUri));
  if (kept.length + add.length > 0) return kept;
  throw new WeightsealError(
    'RECIPIENT_REQUIRED',
    'Nobody could open the file any more; keep or add at least one key.',
  );
}
