import { isWeightsealError, type WeightsealError } from '@weightseal/core';

/** The WeightsealError that a call gives; anything else fails. */
export async function failureOf(call: () => unknown): Promise<WeightsealError> {
  try {
    await call();
  } catch (error) {
    if (isWeightsealError(error)) return error;
    throw error;
  }
  throw new Error('the call succeeded');
}
