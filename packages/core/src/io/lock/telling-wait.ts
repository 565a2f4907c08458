import { anySignal } from '../../keys/any-signal.js';

/** How long is more than a moment. */
const WAIT_MS = 300;

/**
 * Waits, and calls `onWait` once when that takes longer than a moment. What `onWait` throws ends the wait, and is thrown: from a timer it would end the
 * process.
 */
export async function tellingWait<T extends AsyncDisposable>(
  onWait: (() => void) | undefined,
  signal: AbortSignal | undefined,
  wait: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (!onWait) return await wait(signal);
  const failed = new AbortController();
  // It may be an async function, whose failure would be nobody's just as well.
  const tell = (): void => {
    Promise.resolve()
      .then(onWait)
      .catch((error: unknown) => failed.abort(error));
  };
  const timer = setTimeout(tell, WAIT_MS);
  try {
    const got = await wait(anySignal(signal, failed.signal));
    if (!failed.signal.aborted) return got;
    await got[Symbol.asyncDispose]();
  } catch (error) {
    if (!failed.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  throw failed.signal.reason;
}
