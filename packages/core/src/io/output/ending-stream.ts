/** A stream, and when all that it had open is closed. */
export interface Ending<T> {
  readonly stream: ReadableStream<T>;
  readonly ended: Promise<void>;
}

/**
 * A web stream of what a generator yields. It is over when it has been read to its end, when the generator throws, when its reader cancels it, and when the
 * controller is aborted: then the generator is ended at once, also while nobody reads, and the stream fails with the reason. A generator of which nothing was asked
 * runs none of its code, not even its `finally`: then `unread` is called.
 */
export function endingStream<T>(
  generator: AsyncGenerator<T, void, undefined>,
  ending: AbortController,
  unread: () => Promise<void> = async () => {},
): Ending<T> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const { signal } = ending;
  let begun = false;
  const end = async (): Promise<void> => {
    // Who asks from now on asks a generator that has ended.
    const untouched = !begun;
    // One that is at work ends by its signal first.
    await generator.return();
    if (untouched) await unread();
  };
  const start = (controller: ReadableStreamDefaultController<T>) => {
    const onAbort = () => {
      const over = () => {
        controller.error(signal.reason);
        resolve();
      };
      // Whoever hears of the end finds all of it closed.
      void end().then(over, over);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  };
  const pull = async (controller: ReadableStreamDefaultController<T>) => {
    begun = true;
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
