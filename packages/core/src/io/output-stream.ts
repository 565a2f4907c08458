/**
 * A web stream of what a generator yields. The generator gets a signal that fires on the caller's abort and when the consumer cancels:
 * cancelling must also end a wait for an input that has stalled.
 */
export function outputStream<T>(
  signal: AbortSignal | undefined,
  generate: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): ReadableStream<T> {
  const cancelled = new AbortController();
  const either = signal ? AbortSignal.any([signal, cancelled.signal]) : cancelled.signal;
  const generator = generate(either);
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { value, done } = await generator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel(reason) {
        cancelled.abort(reason);
        await generator.return();
      },
    },
    { highWaterMark: 0 },
  );
}
