import { throwIfAborted } from '../errors.js';
import { anySignal } from '../keys/any-signal.js';

export interface Budget<T> {
  /** Of all that are under way at once. */
  readonly total: number;
  /** One that needs more than all is worked on by itself. */
  weightOf(item: T): number;
  /** The most at once, whatever they weigh. */
  readonly atOnce: number;
}

/**
 * Does the work for each item, in order, as many at once as the budget allows. The first failure ends the others, and nothing is under way any more when this throws.
 *
 * @throws what the first one that failed threw, ABORTED
 */
export async function withinBudget<T>(
  items: Iterable<T>,
  { total, weightOf, atOnce }: Budget<T>,
  signal: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const ending = new AbortController();
  const either = anySignal(signal, ending.signal);
  const underWay = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  let used = 0;
  for (const item of items) {
    const weight = weightOf(item);
    while (underWay.size >= atOnce || (underWay.size > 0 && used + weight > total))
      await Promise.race(underWay);
    if (failure || signal?.aborted) break;
    used += weight;
    const done = work(item, either)
      .catch((error: unknown) => {
        failure ??= { error };
        ending.abort(error);
      })
      .finally(() => {
        used -= weight;
        underWay.delete(done);
      });
    underWay.add(done);
  }
  await Promise.all(underWay);
  throwIfAborted(signal);
  if (failure) throw failure.error;
}
