import { invalidArgument } from '../common/arguments.js';
import { type ErrorCode, throwIfAborted, WeightsealError } from '../errors.js';
import { type Envelope, verifyEnvelope } from '../format/envelope.js';
import type { KeySlot } from '../format/slot.js';
import { type ChosenSlots, chooseSlots } from './choose-slots.js';
import { firstToGive, type Turn } from './hedge.js';
import type { KeyWrapper } from './key-wrapper.js';
import { asFailure, lendToUnwrap } from './lent.js';
import type { ReleaseJudge, ReleasePlace, UnopenedRelease } from './release-judge.js';
import type { DataKey } from './secret.js';
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
  /** Says whether it was released by somebody who is trusted, before any key is asked. `@weightseal/release` makes one of a policy. */
  readonly trust?: ReleaseJudge | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What says of the service, and not of the slot, that it gives nothing now: it would cost the same wait for the next slot. */
const NOT_NOW: ReadonlySet<ErrorCode> = new Set(['KEY_TIMEOUT', 'KEY_UNAVAILABLE', 'KEY_THROTTLED']);

/**
 * The data key of an envelope, from the first of the caller's keys that gives one which verifies the envelope. Only keys that
 * the caller named are asked; a slot's own URI merely says where to start. FORMAT.md §11.
 *
 * Slots are compared with a key before it is asked: one of another key costs no call, and what one file may cost is bounded (choose-slots.ts).
 * Hedging is from key to key. The slots of one key are tried one after another whatever `hedgeMs` is: a hostile file has up to 32 of them, and
 * must not be able to send several calls at once to one service.
 *
 * @param at where the envelope lies, for what judges it; a stream lies nowhere, and has no documents beside it
 * @throws what the judge throws, before any key is asked; NO_MATCHING_KEY; the one failure when there was one; UNWRAP_FAILED with all `failures` when there were several; ABORTED;
 *   INVALID_ARGUMENT
 */
export async function unwrapDataKey(
  envelope: Envelope,
  { keys, hedgeMs, trust, signal }: UnwrapOptions,
  at: ReleasePlace & Pick<UnopenedRelease, 'header'> = NOWHERE,
): Promise<DataKey> {
  optionalWhole('hedgeMs', hedgeMs, 0, MAX_TIMER_MS);
  if (trust !== undefined) await judged(envelope, trust, at, signal);
  const attempts = keys.map((key): Attempt => {
    return { key, slots: chooseSlots(key, envelope.slots), failures: [] };
  });
  const turns = attempts.map(
    (attempt): Turn<DataKey> =>
      (stop) =>
        tryKey(envelope, attempt, stop),
  );
  const discard = (late: DataKey) => late[Symbol.dispose]();
  const dataKey = await firstToGive(turns, { hedgeMs, signal, discard });
  if (dataKey) return dataKey;
  throw summary(envelope, attempts);
}

const NOWHERE: ReleasePlace = { name: 'the stream', read: () => Promise.resolve(undefined) };

async function judged(
  { core, table }: Envelope,
  trust: ReleaseJudge,
  at: ReleasePlace & Pick<UnopenedRelease, 'header'>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (typeof trust?.judge !== 'function')
    throw invalidArgument('`trust` is a judge of releases: an object with a function `judge`.');
  const { id, context } = core;
  const kind = table ? 'bundle' : 'file';
  await trust.judge({ ...at, kind, id: Uint8Array.from(id), context, table }, { signal });
  throwIfAborted(signal);
}

interface Attempt {
  readonly key: KeyWrapper;
  readonly slots: ChosenSlots;
  /** What the key said of each slot that it was tried with. */
  readonly failures: WeightsealError[];
}

/** The data key from the first slot with which the key gives it; undefined, with the failures told, when it gives none. */
async function tryKey(
  envelope: Envelope,
  { key, slots, failures }: Attempt,
  stop: AbortSignal,
): Promise<DataKey | undefined> {
  for (const slot of slots.tried) {
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

async function unwrapOne(
  envelope: Envelope,
  key: KeyWrapper,
  slot: KeySlot,
  signal: AbortSignal,
): Promise<DataKey> {
  const dataKey = await lendToUnwrap(key, slot, envelope.core.context, signal);
  try {
    verifyEnvelope(dataKey.bytes, envelope);
    return dataKey;
  } catch (error) {
    dataKey[Symbol.dispose]();
    throw error;
  }
}

function summary(envelope: Envelope, attempts: readonly Attempt[]): WeightsealError {
  const failures = attempts.flatMap((attempt) => attempt.failures);
  const [only, ...more] = failures;
  const left = notTried(attempts);
  if (only && more.length === 0) {
    if (left === '') return only;
    return new WeightsealError(only.code, `${only.message}${left}`, { cause: only, failures });
  }
  if (!only) {
    const recipients = envelope.slots.map((slot) => slot.keyUri).join(', ');
    const named = attempts.map(({ key }) => key.uri).join(', ') || 'no key';
    return new WeightsealError(
      'NO_MATCHING_KEY',
      `The file is sealed for ${recipients}, and ${named} was named. Name one of its keys.${left}`,
    );
  }
  const told = failures.map(({ code, message }) => `${code}: ${message}`).join(' | ');
  // FORMAT.md §11.2: that the envelope was changed is the news, whatever other keys said.
  const tampered = failures.some((failure) => failure.code === 'ENVELOPE_TAMPERED');
  const same = failures.every((failure) => failure.code === only.code);
  const code = tampered ? 'ENVELOPE_TAMPERED' : same ? only.code : 'UNWRAP_FAILED';
  return new WeightsealError(code, `None of ${failures.length} attempts gave the data key. ${told}${left}`, {
    cause: only,
    failures,
  });
}

/** What was left out for its cost: to whom a slot belongs that is not tried cannot be told without trying it. */
function notTried(attempts: readonly Attempt[]): string {
  const beyond = attempts.filter(({ slots }) => slots.beyond > 0);
  return beyond
    .map(({ key, slots }) => {
      const { tried, beyond: more } = slots;
      const all = tried.length + more;
      return ` Of ${all} slots that may be of ${key.uri}, only ${tried.length} may be tried: a file must not choose how much is asked of a key. Name the key as \`inspect\` shows it, and its own slot comes first.`;
    })
    .join('');
}
