import { copyBytes } from '../common/copy-bytes.js';
import { throwIfAborted, WeightsealError } from '../errors.js';
import { firstToGive } from '../keys/hedge.js';
import { replaced } from './answers.js';
import { uriOf } from './location.js';
import type { ObjectBody, StoredObject } from './object-store.js';
import type { Attempt, Requests } from './request.js';

/** A range on its way into memory. */
export interface Filling {
  /** Undefined before the first answer to somebody who knows nothing of the object. */
  object: StoredObject | undefined;
  readonly offset: number;
  /** At most so many bytes, where there is no object yet. */
  readonly length: number;
  /** As long as what is there of the range, once that is known. */
  target: Uint8Array;
  /** How many bytes of it have come. */
  done: number;
}

/** Of all that is under way, so much may be under way twice. */
const HEDGED = 1 / 8;

/**
 * Brings a range of an object into memory that the caller has. Pieces go there as they come; what fails on its way goes on where it was, of the same version. Nothing is written there once this
 * has ended.
 *
 * @throws INPUT_NOT_FOUND, INPUT_CHANGED when the object is another by now, ABORTED, and the codes of class `store`
 */
export async function readRange(
  requests: Requests,
  object: StoredObject,
  offset: number,
  target: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (target.length === 0) return;
  const filling = { object, offset, length: target.length, target, done: 0 };
  if (!requests.tuned.hedge) return await fill(requests, filling, signal);
  const { usual } = requests.pace;
  const began = performance.now();
  const { patience } = usual;
  if (patience === undefined) await fill(requests, filling, signal);
  else await hedged(requests, filling, patience, signal);
  usual.add(performance.now() - began);
}

/** As much of the range as the object has. Knows the object afterwards. */
export async function fill(
  requests: Requests,
  filling: Filling,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { location } = requests;
  const where = uriOf(location);
  await requests.run(`read ${where}`, signal, async (call) => {
    const { object, offset, length, done } = filling;
    // All had come, and only its end had not.
    if (object && done === filling.target.length) return;
    const version = object && { version: object.version };
    const range = {
      offset: offset + done,
      length: (object ? filling.target.length : length) - done,
      ...version,
    };
    const answer = await location.store.read(location.key, range, call);
    call.progress();
    checkAnswer(answer, object, where);
    if (!object) {
      filling.object = answer.object;
      filling.target = new Uint8Array(Math.max(0, Math.min(length, answer.object.size - offset)));
    }
    await pour(answer, filling, call, where);
  });
}

/** @throws INPUT_CHANGED, STORE_RESPONSE_INVALID */
export function checkAnswer({ object }: ObjectBody, known: StoredObject | undefined, where: string): void {
  const { size, version } = object;
  if (!Number.isSafeInteger(size) || size < 0 || typeof version !== 'string' || version === '')
    throw invalid(where, 'does not say which version it is of, or how long that is');
  if (!known) return;
  if (known.version !== version) throw replaced(where);
  if (known.size !== size) throw invalid(where, 'has another size than the same version had before');
}

async function pour({ body }: ObjectBody, filling: Filling, call: Attempt, where: string): Promise<void> {
  const { target } = filling;
  for await (const piece of body) {
    // The memory is somebody else's from the moment that this one is told to stop.
    throwIfAborted(call.signal);
    if (piece.length === 0) continue;
    if (piece.length > target.length - filling.done) throw longer(where);
    copyBytes(target, piece, filling.done);
    filling.done += piece.length;
    call.progress(piece.length);
  }
  throwIfAborted(call.signal);
  if (filling.done === target.length) return;
  throw endedEarly(where);
}

export function endedEarly(where: string): WeightsealError {
  return new WeightsealError('STORE_UNAVAILABLE', `The answer of ${where} ended before all of it had come.`);
}

export function longer(where: string): WeightsealError {
  return invalid(where, 'is longer than what was asked for');
}

function invalid(where: string, what: string): WeightsealError {
  return new WeightsealError(
    'STORE_RESPONSE_INVALID',
    `The answer of ${where} ${what}. Something between, a proxy or a cache, may not heed ranges; reach the store without it.`,
  );
}

/** Asks for the rest a second time when it takes long, and takes what comes first. */
async function hedged(
  requests: Requests,
  filling: Filling,
  hedgeMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { usual, limit } = requests.pace;
  const first = async (stop: AbortSignal) => {
    await fill(requests, filling, stop);
    return () => {};
  };
  const second = async (stop: AbortSignal) => {
    if (filling.done === filling.target.length || usual.hedged >= Math.max(1, limit * HEDGED))
      return undefined;
    usual.hedged++;
    try {
      // Into memory of its own: the first one may still be writing.
      const from = filling.done;
      const target = new Uint8Array(filling.target.length - from);
      const rest = { ...filling, offset: filling.offset + from, length: target.length, target, done: 0 };
      await fill(requests, rest, stop);
      return () => filling.target.set(target, from);
    } catch {
      // The first one says what is wrong.
      return undefined;
    } finally {
      usual.hedged--;
    }
  };
  const take = await firstToGive([first, second], { hedgeMs, signal, discard: () => {} });
  take?.();
}
