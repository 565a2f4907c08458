import { anySignal } from '../../keys/any-signal.js';

/**
 * A web stream of what a generator yields. The generator gets a signal that fires on the caller's abort and when the consumer cancels:
 * cancelling must also end a wait for an input that has stalled. A generator of which nothing was asked runs none of its code, not even its
 * `finally`: then `unread` is called.
 */
export function outputStream<T>(
  signal: AbortSignal | undefined,
  generate: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
  unread: () => Promise<void>,
): ReadableStream<T> {
  const cancelled = new AbortController();
  const either = anySignal(signal, cancelled.signal);
  const generator = generate(either);
  let begun = false;
  return new ReadableStream<T>(
    {
      async pull(controller) {
        begun = true;
        const { value, done } = await generator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel(reason) {
        cancelled.abort(reason);
        await generator.return();
        if (!begun) await unread();
      },
    },
    { highWaterMark: 0 },
  );
}
