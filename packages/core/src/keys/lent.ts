import { isWeightsealError, WeightsealError } from '../errors.js';
import { secretBytes } from '../format/bytes.js';
import { type Context, readContext } from '../format/context.js';
import type { WrappedKey } from '../format/slot.js';
import type { KeyWrapper } from './key-wrapper.js';
import { DataKey, wipeBytes } from './secret.js';
import { untilAborted } from './until-aborted.js';

// What a provider is given is lent: it gets copies that are its own for the call, so that nothing that it does to them, then or later, reaches
// what we go on with. What it gives is copied in turn.

/** @throws ABORTED at once, KEY_RESPONSE_INVALID for what throws without a code, and what the provider throws */
export async function lendToWrap(
  key: KeyWrapper,
  dataKey: Uint8Array,
  context: Context,
  signal: AbortSignal | undefined,
): Promise<WrappedKey> {
  const lent = secretBytes(dataKey.length);
  lent.set(dataKey);
  try {
    return await called(key, signal, () => key.wrap(lent, readContext(context), { signal }));
  } finally {
    lent.fill(0);
  }
}

/** The data key, in memory of ours. @throws like `lendToWrap`, and KEY_RESPONSE_INVALID for what is no data key */
export async function lendToUnwrap(
  key: KeyWrapper,
  wrapped: WrappedKey,
  context: Context,
  signal: AbortSignal | undefined,
): Promise<DataKey> {
  const call = () => key.unwrap(copyOf(wrapped), readContext(context), { signal });
  return DataKey.take(await called(key, signal, call, wipeBytes), key.uri);
}

/** What a slot says, without the slot. */
export function copyOf({ keyUri, keyVersion, algorithm, ciphertext }: WrappedKey): WrappedKey {
  return { keyUri, keyVersion, algorithm, ciphertext: Uint8Array.from(ciphertext) };
}

/** A provider's call, with a code for whatever it throws. */
async function called<T>(
  key: KeyWrapper,
  signal: AbortSignal | undefined,
  call: () => Promise<T>,
  discard?: (late: T) => void,
): Promise<T> {
  try {
    return await untilAborted(signal, call, discard);
  } catch (error) {
    throw asFailure(error, key);
  }
}

/**
 * The error, where it has a code; else one that says whose fault that is.
 *
 * @hidden
 */
export function asFailure(cause: unknown, { provider }: KeyWrapper): WeightsealError {
  if (isWeightsealError(cause)) return cause;
  return new WeightsealError(
    'KEY_RESPONSE_INVALID',
    `The key provider ${provider} failed without saying why: what it threw has no code. Its error is the cause; tell whoever wrote the provider.`,
    { cause },
  );
}
