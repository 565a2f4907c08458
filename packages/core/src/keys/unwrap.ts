import { abortedError, isWeightsealError, throwIfAborted, WeightsealError } from '../errors.js';
import { type Envelope, verifyEnvelope } from '../format/envelope.js';
import type { KeySlot } from '../format/slot.js';
import type { KeyWrapper } from './key-wrapper.js';
import { DataKey } from './secret.js';

/**
 * The data key of an envelope, from the first of the caller's keys that gives one which verifies the envelope. Only keys that
 * the caller named are asked; a slot's own URI merely says where to start. FORMAT.md §11.
 *
 * @throws NO_MATCHING_KEY; the one failure when there was one; UNWRAP_FAILED with all `failures` when there were several
 */
export async function unwrapDataKey(
  envelope: Envelope,
  keys: readonly KeyWrapper[],
  signal: AbortSignal | undefined,
): Promise<DataKey> {
  const failures: WeightsealError[] = [];
  for (const { key, slot } of attempts(envelope.slots, keys)) {
    throwIfAborted(signal);
    try {
      return await unwrapOne(envelope, key, slot, signal);
    } catch (error) {
      if (signal?.aborted) throw abortedError(signal);
      failures.push(asFailure(error, key));
    }
  }
  throw summary(envelope, keys, failures);
}

/** Every named key with every slot of its provider, slots with the key's own URI first. */
function attempts(
  slots: readonly KeySlot[],
  keys: readonly KeyWrapper[],
): { key: KeyWrapper; slot: KeySlot }[] {
  return keys.flatMap((key) => {
    const mine = slots.filter((slot) => slot.provider === key.provider);
    const exact = mine.filter((slot) => slot.keyUri === key.uri);
    const others = mine.filter((slot) => slot.keyUri !== key.uri);
    return [...exact, ...others].map((slot) => ({ key, slot }));
  });
}

async function unwrapOne(
  envelope: Envelope,
  key: KeyWrapper,
  slot: KeySlot,
  signal: AbortSignal | undefined,
): Promise<DataKey> {
  const dataKey = DataKey.take(await key.unwrap(slot, envelope.core.context, { signal }), key.uri);
  try {
    verifyEnvelope(dataKey.bytes, envelope);
    return dataKey;
  } catch (error) {
    dataKey[Symbol.dispose]();
    throw error;
  }
}

function asFailure(error: unknown, key: KeyWrapper): WeightsealError {
  if (isWeightsealError(error)) return error;
  return new WeightsealError('INTERNAL', `The key provider ${key.provider} failed without a code.`, {
    cause: error,
  });
}

function summary(
  envelope: Envelope,
  keys: readonly KeyWrapper[],
  failures: WeightsealError[],
): WeightsealError {
  const [only, ...more] = failures;
  if (only && more.length === 0) return only;
  const recipients = envelope.slots.map((slot) => slot.keyUri).join(', ');
  if (!only) {
    const named = keys.map((key) => key.uri).join(', ') || 'no key';
    return new WeightsealError(
      'NO_MATCHING_KEY',
      `The file is sealed for ${recipients}, and ${named} was named. Name one of its keys.`,
    );
  }
  const told = failures.map(({ code, message }) => `${code}: ${message}`).join(' | ');
  // FORMAT.md §11.2: that the envelope was changed is the news, whatever other keys said.
  const tampered = failures.some((failure) => failure.code === 'ENVELOPE_TAMPERED');
  const same = failures.every((failure) => failure.code === only.code);
  const code = tampered ? 'ENVELOPE_TAMPERED' : same ? only.code : 'UNWRAP_FAILED';
  return new WeightsealError(code, `None of ${failures.length} attempts gave the data key. ${told}`, {
    cause: only,
    failures,
  });
}
