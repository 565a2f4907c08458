import { WeightsealError } from '../errors.js';
import { type Recipient, recipientOf } from '../file/inspect.js';
import { expectContext } from '../format/context.js';
import { authenticateEnvelope, type Envelope } from '../format/envelope.js';
import { nextGeneration } from '../format/envelope-copy.js';
import { slotsToKeep } from '../keys/recipients.js';
import { unwrapDataKey } from '../keys/unwrap.js';
import { checkSlotCount, wrapForAll } from '../keys/wrap.js';
import { encodeProven } from './sealer.js';
import { type BundleStorage, releasePlace } from './storage.js';
import type { RewrapBundleOptions } from './types.js';

export interface RewrappedBundle {
  readonly recipients: readonly Recipient[];
  readonly generation: number;
}

/** The envelope for other recipients. Asks keys. */
export async function newEnvelope(
  old: Envelope,
  options: RewrapBundleOptions,
  storage: BundleStorage,
): Promise<{ bytes: Uint8Array; envelope: Envelope }> {
  const { keys, context, signal, remove = [] } = options;
  const { core, slots } = old;
  const generation = nextGeneration(old.generation);
  const present = new Set(slots.map((slot) => slot.keyUri));
  const add = options.add ?? (remove.length === 0 ? keys.filter((key) => present.has(key.uri)) : []);
  if (add.length + remove.length === 0) throw nothingToDo(options, old);
  expectContext(core.context, context);
  using dataKey = await unwrapDataKey(old, options, releasePlace(storage));
  const kept = slotsToKeep(slots, { add, remove });
  checkSlotCount(kept.length + add.length);
  const added = add.length > 0 ? await wrapForAll(dataKey, add, core.context, signal) : [];
  const envelope = authenticateEnvelope(dataKey.bytes, { ...old, generation, slots: [...kept, ...added] });
  return { envelope, bytes: encodeProven(dataKey.bytes, envelope) };
}

function nothingToDo({ keys, add }: RewrapBundleOptions, { slots }: Envelope): WeightsealError {
  const recipients = slots.map((slot) => slot.keyUri).join(', ');
  const named = keys.map((key) => key.uri).join(', ') || 'no key';
  return new WeightsealError(
    'INVALID_ARGUMENT',
    add
      ? 'There is nothing to change; say which keys to add or which recipients to remove.'
      : `There is nothing to wrap anew: ${named} was named, and the recipients are ${recipients}. If one of these is the same key under another name or path, add the key as it is named now, and remove the old name (--to, --remove).`,
  );
}

export function outcomeOf({ slots, generation }: Envelope): RewrappedBundle {
  return { recipients: slots.map(recipientOf), generation };
}
