import { abortedError } from '../../errors.js';
import { endingStream } from './ending-stream.js';

/**
 * A web stream of what a generator yields. The generator gets a signal that fires on the caller's abort and when the consumer cancels:
 * both end it at once, also while nobody reads, and both must end a wait for an input that has stalled. A generator of which nothing was asked runs
 * none of its code, not even its `finally`: then `unread` is called.
 */
export function outputStream<T>(
  signal: AbortSignal | undefined,
  generate: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
  unread: () => Promise<void>,
): ReadableStream<T> {
  const ending = new AbortController();
  const onAbort = (): void => ending.abort(abortedError(signal!));
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  const { stream, ended } = endingStream(generate(ending.signal), ending, unread);
  void ended.then(() => signal?.removeEventListener('abort', onAbort));
  return stream;
}
