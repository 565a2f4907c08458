import { throwIfAborted } from '../errors.js';
import type { Batch } from './plan.js';

export interface Step<B, T> {
  readonly batch: B;
  readonly value: T;
}

interface UnderWay<B, T> {
  readonly batch: B;
  readonly done: Promise<T>;
}

/**
 * Starts work for each batch, at most `width` at once, and yields the outcomes in the order of the batches, each as soon as it is there. Whatever
 * ends it early (an error, an abort, the consumer's return), it waits until nothing is under way any more: only
 * then may files be closed and keys be zeroed. `abandon` is called first: what only waits for a caller's bytes need not be waited for.
 */
export async function* inOrder<B extends Batch, T>(
  batches: Iterable<B> | AsyncIterable<B>,
  start: (batch: B) => Promise<T>,
  width: number,
  signal: AbortSignal | undefined,
  abandon: () => void = () => {},
): AsyncGenerator<Step<B, T>, void, undefined> {
  const underWay: UnderWay<B, T>[] = [];
  const iterator = iteratorOf(batches);
  try {
    let next: Promise<IteratorResult<B>> | undefined = iterator();
    while (next || underWay.length > 0) {
      throwIfAborted(signal);
      const head: UnderWay<B, T> | undefined = underWay[0];
      // A stream may be slow to bring the next batch: what is done by then goes out first.
      const arrived = next && underWay.length < width ? await firstOf(next, head) : undefined;
      if (arrived?.done) next = undefined;
      else if (arrived) {
        underWay.push(begin(arrived.value, start));
        next = iterator();
      } else if (head) {
        const value = await head.done;
        underWay.shift();
        yield { batch: head.batch, value };
      }
    }
  } finally {
    abandon();
    await Promise.allSettled(underWay.map(({ done }) => done));
  }
}

function iteratorOf<B>(batches: Iterable<B> | AsyncIterable<B>): () => Promise<IteratorResult<B>> {
  const iterator =
    Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
  return () => handled(Promise.resolve(iterator.next()));
}

function begin<B, T>(batch: B, start: (batch: B) => Promise<T>): UnderWay<B, T> {
  return { batch, done: handled(start(batch)) };
}

/** Whoever awaits it later sees the rejection; until then it is not an unhandled one. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** The next batch, or undefined when the head is done before it. */
function firstOf<B, T>(
  next: Promise<IteratorResult<B>>,
  head: UnderWay<B, T> | undefined,
): Promise<IteratorResult<B> | undefined> {
  if (!head) return next;
  const headDone = head.done.then(
    () => undefined,
    () => undefined,
  );
  return Promise.race([next, headDone]);
}
