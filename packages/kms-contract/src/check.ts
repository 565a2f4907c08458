import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  type Context,
  ERROR_CODES,
  type ErrorCode,
  isWeightsealError,
  type WeightsealError,
} from '@weightseal/core';

export const DATA_KEY_BYTES = 32;

export const CONTEXT: Context = { model: 'contract', version: '1' };

export function newDataKey(): Uint8Array {
  return Uint8Array.from(randomBytes(DATA_KEY_BYTES));
}

/** Compares without showing either side: a failed test's report is no place for keys. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array, message: string): void {
  assert.ok(actual instanceof Uint8Array, `${message}: it is not a Uint8Array`);
  assert.ok(Buffer.compare(actual, expected) === 0, message);
}

/** The WeightsealError that the call rejects with, within the patience. Anything else fails. */
export async function rejection(
  call: Promise<unknown>,
  what: string,
  patienceMs: number,
): Promise<WeightsealError> {
  const outcome = await inTime(
    call.then(
      () => ({ error: undefined }),
      (error: unknown) => ({ error }),
    ),
    what,
    patienceMs,
  );
  assert.ok(outcome.error !== undefined, `${what} was accepted`);
  assert.ok(isWeightsealError(outcome.error), `${what} threw something other than a WeightsealError`);
  return outcome.error;
}

export function assertCode(error: WeightsealError, what: string, ...codes: readonly ErrorCode[]): void {
  assert.ok(codes.includes(error.code), `${what} gave ${error.code}, not ${codes.join(' or ')}`);
}

/** Not `error.class`: a code that an older installed version does not know has none there. */
export function assertKeyError(error: WeightsealError, what: string): void {
  assert.equal(ERROR_CODES[error.code], 'key', `${what} gave ${error.code}, which is no error of a key`);
}

export async function inTime<T>(work: Promise<T>, what: string, patienceMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new assert.AssertionError({ message: `${what} had not ended after ${patienceMs} ms` });
    timer = setTimeout(() => reject(error), patienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
