/** A stream, and when all that it had open is closed. */
export interface Ending<T> {
  readonly stream: ReadableStream<T>;
  readonly ended: Promise<void>;
}

/**
 * A web stream of what a generator yields. It is over when it has been read to its end, when the generator throws, when its reader cancels it, and when the
 * controller is aborted: then the generator is ended at once, also while nobody reads, and the stream fails with the reason.
 */
export function endingStream<T>(
  generator: AsyncGenerator<T, void, undefined>,
  ending: AbortController,
): Ending<T> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const { signal } = ending;
  const start = (controller: ReadableStreamDefaultController<T>) => {
    const onAbort = () => {
      controller.error(signal.reason);
      // One that is at work ends by its signal first.
      void generator.return().then(
        () => resolve(),
        () => resolve(),
      );
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  };
  const pull = async (controller: ReadableStreamDefaultController<T>) => {
    try {
      const { value, done } = await generator.next();
      if (signal.aborted) return;
      if (!done) return controller.enqueue(value);
      controller.close();
      resolve();
    } catch (error) {
      if (signal.aborted) return;
      resolve();
      throw error;
    }
  };
  const cancel = (reason: unknown) => {
    ending.abort(reason);
    return ended;
  };
  return { stream: new ReadableStream<T>({ start, pull, cancel }, { highWaterMark: 0 }), ended };
}
