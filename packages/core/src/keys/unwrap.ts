import { type ErrorCode, isWeightsealError, WeightsealError } from '../errors.js';
import { type Envelope, verifyEnvelope } from '../format/envelope.js';
import type { KeySlot } from '../format/slot.js';
import { firstToGive, type Turn } from './hedge.js';
import type { KeyWrapper } from './key-wrapper.js';
import { DataKey } from './secret.js';
import { MAX_TIMER_MS, optionalWhole } from './whole-number.js';

export interface UnwrapOptions {
  /** The keys that may be asked, in this order. */
  readonly keys: readonly KeyWrapper[];
  /**
   * Milliseconds after which the next key is asked too, while those before it have not answered; it is asked at once when they have failed. The
   * first data key that verifies counts, and the other calls are told to stop. Without it each key waits for the one before it. 0 asks all
   * at once. docs/operations.md says how to choose.
   */
  readonly hedgeMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What says of the service, and not of the slot, that it gives nothing now: it would cost the same wait for the next slot. */
const NOT_NOW: ReadonlySet<ErrorCode> = new Set(['KEY_TIMEOUT', 'KEY_UNAVAILABLE', 'KEY_THROTTLED']);

/**
 * The data key of an envelope, from the first of the caller's keys that gives one which verifies the envelope. Only keys that
 * the caller named are asked; a slot's own URI merely says where to start. FORMAT.md §11.
 *
 * Hedging is from key to key. The slots of one key are tried one after another whatever `hedgeMs` is: a hostile file has up to 32 of them, and
 * must not be able to send 32 calls at once to one service.
 *
 * @throws NO_MATCHING_KEY; the one failure when there was one; UNWRAP_FAILED with all `failures` when there were several; ABORTED;
 *   INVALID_ARGUMENT
 */
export async function unwrapDataKey(
  envelope: Envelope,
  { keys, hedgeMs, signal }: UnwrapOptions,
): Promise<DataKey> {
  optionalWhole('hedgeMs', hedgeMs, 0, MAX_TIMER_MS);
  const tried = keys.map((key) => ({ key, failures: [] as WeightsealError[] }));
  const turns = tried.map(
    ({ key, failures }): Turn<DataKey> =>
      (stop) =>
        tryKey(envelope, key, failures, stop),
  );
  const discard = (late: DataKey) => late[Symbol.dispose]();
  const dataKey = await firstToGive(turns, { hedgeMs, signal, discard });
  if (dataKey) return dataKey;
  throw summary(
    envelope,
    keys,
    tried.flatMap(({ failures }) => failures),
  );
}

/** The data key from the first slot with which the key gives it; undefined, with the failures told, when it gives none. */
async function tryKey(
  envelope: Envelope,
  key: KeyWrapper,
  failures: WeightsealError[],
  stop: AbortSignal,
): Promise<DataKey | undefined> {
  for (const slot of slotsFor(key, envelope.slots)) {
    if (stop.aborted) return undefined;
    try {
      return await unwrapOne(envelope, key, slot, stop);
    } catch (error) {
      const failure = asFailure(error, key);
      failures.push(failure);
      if (NOT_NOW.has(failure.code)) return undefined;
    }
  }
  return undefined;
}

/** Every slot of the key's provider, those with the key's own URI first. */
function slotsFor(key: KeyWrapper, slots: readonly KeySlot[]): KeySlot[] {
  const mine = slots.filter((slot) => slot.provider === key.provider);
  const exact = mine.filter((slot) => slot.keyUri === key.uri);
  return [...exact, ...mine.filter((slot) => slot.keyUri !== key.uri)];
}

async function unwrapOne(
  envelope: Envelope,
  key: KeyWrapper,
  slot: KeySlot,
  signal: AbortSignal,
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
