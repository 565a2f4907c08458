import { isWeightsealError, type WeightsealError } from '@weightseal/core';

/** What the caller asked for, and what the storage says: nobody is warned of these, and the work cannot go on. */
const THROWN: readonly string[] = ['aborted', 'store', 'internal'];

/** Goes on after what would be refused, once somebody has been told. @throws what is no refusal, and what `onWarning` throws */
export async function warned(
  onWarning: ((error: WeightsealError) => void) | undefined,
  judge: () => Promise<void>,
): Promise<void> {
  try {
    await judge();
  } catch (error) {
    if (!isWeightsealError(error) || THROWN.includes(error.class)) throw error;
    onWarning?.(error);
  }
}
