import { type ErrorCode, isWeightsealError, type WeightsealError } from '@weightseal/core';
import { expect } from 'vitest';

/** The error that a call is refused with; anything but one of ours fails the test. */
export async function errorOf(call: () => unknown): Promise<WeightsealError> {
  try {
    await call();
  } catch (error) {
    if (isWeightsealError(error)) return error;
    throw error;
  }
  return expect.unreachable('it was accepted');
}

export async function refused(
  call: () => unknown,
  code: ErrorCode,
  said: RegExp | string = '',
): Promise<void> {
  const error = await errorOf(call);
  expect([error.code, error.message]).toEqual([code, expect.stringMatching(said)]);
  expect(error.message).toMatch(/[.?]$/);
}
