import { abortedError } from '@weightseal/core';
import { failed, invalidAnswer } from './errors.js';
import type { Incoming } from './send.js';

/** The bytes of an answer, so many and no others, in the pieces in which they came. */
export async function* bodyOf(
  { body }: Incoming,
  length: number,
  where: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  let left = length;
  try {
    for await (const piece of body) {
      left -= piece.length;
      if (left < 0) throw invalidAnswer(where, 'has more bytes than it says');
      yield piece;
    }
  } catch (error) {
    throw signal.aborted ? abortedError(signal) : failed(error, where);
  }
  if (signal.aborted) throw abortedError(signal);
  if (left > 0) throw failed(undefined, where);
}
