import { isWeightsealError, type WeightsealError } from '@weightseal/core';

/** What the caller asked for, and what the storage says: nobody is warned of these, and the work cannot go on. */
const THROWN: readonly string[] = ['aborted', 'store', 'internal'];

/** Where the caller does not listen, whoever runs the program is told. */
export function emitWarning({ code, message }: WeightsealError): void {
  process.emitWarning(`Opened although the trust policy is not met: ${message}`, {
    type: 'WeightsealWarning',
    code,
  });
}

/** Goes on after what would be refused, once somebody has been told. @throws what is no refusal, and what `onWarning` throws */
export async function warned(
  onWarning: (error: WeightsealError) => void,
  judge: () => Promise<void>,
): Promise<void> {
  try {
    await judge();
  } catch (error) {
    if (!isWeightsealError(error) || THROWN.includes(error.class)) throw error;
    onWarning(error);
  }
}
