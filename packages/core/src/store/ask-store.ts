import type { StoreLocation } from './location.js';
import type { StoreCall } from './object-store.js';

/** One attempt at a request; it tells of each piece that has come, or its time runs out. */
export interface StoreAttempt extends StoreCall {
  progress(bytes?: number): void;
}

/**
 * Asks a store for what is none of its objects as for everything else: with attempts, pauses and deadlines.
 *
 * @param doing goes on after "Could not"
 * @throws what an attempt threw last, STORE_TIMEOUT, ABORTED
 * @hidden
 */
export async function askStore<T>(
  location: StoreLocation,
  doing: string,
  signal: AbortSignal | undefined,
  attempt: (call: StoreAttempt) => Promise<T>,
): Promise<T> {
  const { requestsOf } = await import('./request.js');
  return await requestsOf(location).run(doing, signal, attempt);
}
