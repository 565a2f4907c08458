import { throwIfAborted } from '../errors.js';

/**
 * Does the work for each item, at most `width` at once, in no order. Whatever ends it early, it waits until nothing is under way any more: only then may files
 * be closed and keys be zeroed.
 *
 * @throws what the first one that failed threw, ABORTED
 */
export async function atOnce<T>(
  items: Iterable<T>,
  width: number,
  signal: AbortSignal | undefined,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    while (!failure) {
      throwIfAborted(signal);
      const { value, done } = iterator.next();
      if (done) return;
      await work(value);
    }
  };
  const guarded = (): Promise<void> =>
    worker().catch((error: unknown) => {
      failure ??= { error };
    });
  await Promise.all(Array.from({ length: width }, guarded));
  if (failure) throw failure.error;
}
