import { abortedError, throwIfAborted, WeightsealError } from '../errors.js';
import type { Context } from '../format/context.js';
import { type KeySlot, makeSlot } from '../format/slot.js';
import type { KeyWrapper } from './key-wrapper.js';
import { DataKey } from './secret.js';

/**
 * One slot for each recipient. Each wrap is unwrapped again and compared before anything relies on it: a wrap that
 * cannot be unwrapped would lose the file. FORMAT.md §12.2.
 *
 * @throws RECIPIENT_REQUIRED, INVALID_ARGUMENT, WRAP_NOT_VERIFIED, and what the providers throw
 */
export async function wrapForAll(
  dataKey: DataKey,
  recipients: readonly KeyWrapper[],
  context: Context,
  signal: AbortSignal | undefined,
): Promise<KeySlot[]> {
  if (recipients.length === 0) {
    throw new WeightsealError(
      'RECIPIENT_REQUIRED',
      'Name at least one key to seal for; without one nobody could open the file.',
    );
  }
  const uris = new Set(recipients.map((key) => key.uri));
  if (uris.size !== recipients.length) {
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'The same key is named twice as a recipient; name it once.',
    );
  }
  throwIfAborted(signal);
  return Promise.all(recipients.map((key) => wrapOne(dataKey, key, context, signal)));
}

async function wrapOne(
  dataKey: DataKey,
  key: KeyWrapper,
  context: Context,
  signal: AbortSignal | undefined,
): Promise<KeySlot> {
  const slot = makeSlot(key.provider, await key.wrap(dataKey.bytes, context, { signal }));
  await verifySlot(dataKey, key, slot, context, signal);
  return slot;
}

async function verifySlot(
  dataKey: DataKey,
  key: KeyWrapper,
  slot: KeySlot,
  context: Context,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    using again = DataKey.take(await key.unwrap(slot, context, { signal }), key.uri);
    if (again.equals(dataKey)) return;
  } catch (cause) {
    if (signal?.aborted) throw abortedError(signal);
    throw notVerified(key, cause);
  }
  throw notVerified(key, undefined);
}

function notVerified(key: KeyWrapper, cause: unknown): WeightsealError {
  return new WeightsealError(
    'WRAP_NOT_VERIFIED',
    `${key.uri} wrapped the data key and did not unwrap it again, so nothing was written. Give this identity the permission to unwrap too, and check the key.`,
    cause === undefined ? {} : { cause },
  );
}
