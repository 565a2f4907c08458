import { nameOf } from '../common/kinds.js';
import { throwIfAborted, WeightsealError } from '../errors.js';
import type { Context } from '../format/context.js';
import { MAX_SLOTS } from '../format/envelope.js';
import { type KeySlot, makeSlot, type WrappedKey } from '../format/slot.js';
import { allOrNone } from './all-or-none.js';
import type { KeyWrapper } from './key-wrapper.js';
import { lendToUnwrap, lendToWrap } from './lent.js';
import { checkDistinct } from './same-key.js';
import type { DataKey } from './secret.js';

/** What JavaScript callers can get wrong. @throws INVALID_ARGUMENT */
export function checkKeys(keys: readonly KeyWrapper[], option = 'keys'): readonly KeyWrapper[] {
  if (Array.isArray(keys) && keys.every((key) => typeof key?.unwrap === 'function')) return keys;
  const found = Array.isArray(keys)
    ? 'one that it has is none (a URI becomes a key by keyFromUri of @weightseal/keys)'
    : keys === undefined
      ? 'it is missing'
      : `it is ${nameOf(keys)}`;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `The option \`${option}\` must be an array of keys, as a key provider makes them, and ${found}.`,
  );
}

/** @throws INVALID_ARGUMENT */
export function checkSlotCount(count: number): void {
  if (count <= MAX_SLOTS) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `A file can have at most ${MAX_SLOTS} recipients; name fewer keys.`,
  );
}

/**
 * One slot for each recipient. Each wrap is unwrapped again and compared before anything relies on it: a wrap that
 * cannot be unwrapped would lose the file. FORMAT.md §12.2.
 *
 * @param kept slots that stay beside them
 * @throws RECIPIENT_REQUIRED, INVALID_ARGUMENT, WRAP_NOT_VERIFIED, KEY_RESPONSE_INVALID, what the providers throw, and WRAP_FAILED with all
 * `failures` where several recipients fail in different ways
 */
export async function wrapForAll(
  dataKey: DataKey,
  recipients: readonly KeyWrapper[],
  context: Context,
  signal: AbortSignal | undefined,
  kept: readonly KeySlot[] = [],
): Promise<KeySlot[]> {
  if (recipients.length === 0) {
    throw new WeightsealError(
      'RECIPIENT_REQUIRED',
      'Name at least one key to seal for; without one nobody could open the file.',
    );
  }
  checkSlotCount(recipients.length);
  const uris = new Set(recipients.map((key) => key.uri));
  if (uris.size !== recipients.length) {
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'The same key is named twice as a recipient; name it once.',
    );
  }
  throwIfAborted(signal);
  const slots = await allOrNone(recipients, signal, (key, either) => wrapOne(dataKey, key, context, either));
  await checkDistinct(dataKey, recipients, slots, kept, context, signal);
  return slots;
}

async function wrapOne(
  dataKey: DataKey,
  key: KeyWrapper,
  context: Context,
  signal: AbortSignal,
): Promise<KeySlot> {
  const slot = asSlot(key, await lendToWrap(key, dataKey.bytes, context, signal));
  try {
    using again = await lendToUnwrap(key, slot, context, signal);
    if (again.equals(dataKey)) return slot;
  } catch (cause) {
    throw signal.aborted ? cause : notVerified(key, cause);
  }
  throw notVerified(key, undefined);
}

/**
 * What a key wrapped, as a file holds it. @throws KEY_RESPONSE_INVALID for what none can hold
 *
 * @hidden
 */
export function asSlot(key: Pick<KeyWrapper, 'provider' | 'uri'>, wrapped: WrappedKey): KeySlot {
  try {
    return makeSlot(key.provider, wrapped);
  } catch (cause) {
    const wrong = (['keyUri', 'keyVersion', 'algorithm'] as const).find(
      (name) => typeof wrapped?.[name] !== 'string',
    );
    const why = wrong === undefined ? '' : ` (its \`${wrong}\` is ${nameOf(wrapped?.[wrong])})`;
    throw new WeightsealError(
      'KEY_RESPONSE_INVALID',
      `${key.uri} gave a wrap that a file cannot hold${why}: it has keyUri, which begins with ${key.provider}:, keyVersion and algorithm, as texts, and ciphertext, as bytes. Check the provider.`,
      { cause },
    );
  }
}

function notVerified(key: KeyWrapper, cause: unknown): WeightsealError {
  return new WeightsealError(
    'WRAP_NOT_VERIFIED',
    cause === undefined
      ? `What ${key.uri} wrapped unwraps to another data key than it was given, so nothing was written. The provider has changed or mixed up the key; check it.`
      : `${key.uri} wrapped the data key and did not unwrap it again, so nothing was written. Give this identity the permission to unwrap too, and check the key.`,
    cause === undefined ? {} : { cause },
  );
}
