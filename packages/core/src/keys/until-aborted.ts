import { abortedError, throwIfAborted } from '../errors.js';

/**
 * What somebody else's call gives: a byte source's, a key provider's. An abort ends the wait at once, also where the call does not listen to its
 * signal. What it gives later goes to `discard`, so that no secret is left lying about, and what it throws later to nobody.
 *
 * @throws ABORTED, and what the call throws
 * @hidden
 */
export async function untilAborted<T>(
  signal: AbortSignal | undefined,
  call: () => T | PromiseLike<T>,
  discard: (late: T) => void = () => {},
): Promise<T> {
  throwIfAborted(signal);
  const running = (async () => await call())();
  if (!signal) return await running;
  return await new Promise<T>((resolve, reject) => {
    // One of the two has it: a value that was given out must not be discarded, too.
    let over = false;
    const onAbort = () => {
      over = true;
      reject(abortedError(signal));
    };
    const end = () => signal.removeEventListener('abort', onAbort);
    signal.addEventListener('abort', onAbort, { once: true });
    running.then(
      (value) => {
        end();
        if (over) discard(value);
        else resolve(value);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
    // The call may have aborted it itself, while it began.
    if (signal.aborted) onAbort();
  });
}
