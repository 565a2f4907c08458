import { throwIfAborted } from '../errors.js';
import type { Batch } from './plan.js';

export interface Step<T> {
  readonly batch: Batch;
  readonly value: T;
}

/**
 * Starts work for each batch, at most `width` at once, and yields the outcomes in the order of the batches. Whatever
 * ends it early (an error, an abort, the consumer's return), it waits until nothing is under way any more: only
 * then may files be closed and keys be zeroed.
 */
export async function* inOrder<T>(
  batches: Iterable<Batch> | AsyncIterable<Batch>,
  start: (batch: Batch) => Promise<T>,
  width: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Step<T>, void, undefined> {
  const underWay: { batch: Batch; done: Promise<T> }[] = [];
  try {
    for await (const batch of batches) {
      throwIfAborted(signal);
      const done = start(batch);
      // Whoever awaits this later sees the rejection; until then it is not an unhandled one.
      done.catch(() => {});
      underWay.push({ batch, done });
      if (underWay.length >= width) yield await first(underWay);
    }
    while (underWay.length > 0) {
      throwIfAborted(signal);
      yield await first(underWay);
    }
  } finally {
    await Promise.allSettled(underWay.map(({ done }) => done));
  }
}

async function first<T>(underWay: { batch: Batch; done: Promise<T> }[]): Promise<Step<T>> {
  const { batch, done } = underWay[0]!;
  const value = await done;
  underWay.shift();
  return { batch, value };
}
