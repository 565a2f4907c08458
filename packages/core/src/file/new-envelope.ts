import { WeightsealError } from '../errors.js';
import { expectContext } from '../format/context.js';
import { authenticateEnvelope, type Envelope } from '../format/envelope.js';
import { nextGeneration } from '../format/envelope-copy.js';
import type { KeyWrapper } from '../keys/key-wrapper.js';
import { type RecipientChange, slotsToKeep } from '../keys/recipients.js';
import type { ReleasePlace } from '../keys/release-judge.js';
import { unwrapDataKey } from '../keys/unwrap.js';
import { checkSlotCount, wrapForAll } from '../keys/wrap.js';
import type { Head } from './head.js';
import { proven, type UnlockOptions } from './unlock.js';

/** The envelope after a rewrap: FORMAT.md §13.1. Without `add` and `remove` the wraps of `keys` are made anew. */
export async function newEnvelope(
  head: Head,
  options: UnlockOptions & Partial<RecipientChange>,
  at: ReleasePlace,
): Promise<Envelope> {
  const { keys, context, signal, remove = [] } = options;
  const { core, slots, metadata } = head.envelope;
  const generation = nextGeneration(head.envelope.generation);
  const present = new Set(slots.map((slot) => slot.keyUri));
  const add = options.add ?? (remove.length === 0 ? keys.filter((key) => present.has(key.uri)) : []);
  if (options.add === undefined && add.length + remove.length === 0) throw underAnotherName(keys, head);
  if (add.length + remove.length === 0) {
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'There is nothing to change; say which keys to add or which recipients to remove.',
    );
  }
  expectContext(core.context, context);
  using dataKey = await unwrapDataKey(head.envelope, options, { ...at, header: head.floeHeader });
  const kept = slotsToKeep(slots, { add, remove });
  checkSlotCount(kept.length + add.length);
  const added = add.length > 0 ? await wrapForAll(dataKey, add, core.context, signal, kept) : [];
  const parts = { generation, core, slots: [...kept, ...added], metadata };
  return proven(dataKey.bytes, authenticateEnvelope(dataKey.bytes, parts), head.floeHeader);
}

/** A recipient is found by its URI: the same key may be named by another one, a file under another path, an alias. */
function underAnotherName(keys: readonly KeyWrapper[], { envelope }: Head): WeightsealError {
  const named = keys.map((key) => key.uri).join(', ') || 'no key';
  const recipients = envelope.slots.map((slot) => slot.keyUri).join(', ');
  return new WeightsealError(
    'INVALID_ARGUMENT',
    `There is nothing to wrap anew: ${named} was named, and the recipients are ${recipients}. If one of these is the same key under another name or path, add the key as it is named now, and remove the old name (--to, --remove).`,
  );
}
