import { abortedError } from '../../errors.js';

/** By what is being changed: when the last one of those who asked is done. */
const last = new Map<string, Promise<void>>();

/**
 * Waits until everybody in this process who asked before is done. Returns what ends one's own turn.
 *
 * @param contended told when somebody has
 * @throws ABORTED
 */
export async function inTurn(
  key: string,
  signal: AbortSignal | undefined,
  contended: () => void,
): Promise<() => void> {
  if (last.has(key)) contended();
  const before = last.get(key) ?? Promise.resolve();
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const mine = before.then(() => over);
  last.set(key, mine);
  void mine.then(() => {
    if (last.get(key) === mine) last.delete(key);
  });
  try {
    await orAborted(before, signal);
    return end;
  } catch (error) {
    end();
    throw error;
  }
}

/** @throws ABORTED */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(abortedError(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
