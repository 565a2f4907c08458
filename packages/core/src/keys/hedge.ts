import { abortedError, throwIfAborted } from '../errors.js';

/** One try at getting a T: what it gives, or undefined when it gives nothing. It should end early on `stop`. */
export type Turn<T> = (stop: AbortSignal) => Promise<T | undefined>;

export interface Hedging<T> {
  /** How long a turn may go on before the next one begins beside it; undefined: until it has ended. */
  readonly hedgeMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Gets what a turn gives too late, so that no secret is left lying about. */
  readonly discard: (late: T) => void;
}

/**
 * What the first turn to give something gives; undefined when none does. The next turn begins when one has ended with nothing, or when
 * `hedgeMs` have passed since the last one began: the hedging of gRPC (proposal A6) and of Happy Eyeballs (RFC 8305 §5).
 *
 * The outcome is there at once. Turns that are then still under way are told to stop, and are not waited for: one that does not listen would
 * hold up all that follows.
 *
 * @throws ABORTED, at once
 */
export async function firstToGive<T>(
  turns: readonly Turn<T>[],
  { hedgeMs, signal, discard }: Hedging<T>,
): Promise<T | undefined> {
  throwIfAborted(signal);
  const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
  const underWay = new Set<AbortController>();
  let begun = 0;
  let over = false;
  let timer: NodeJS.Timeout | undefined;

  const onAbort = () => end(() => reject(abortedError(signal!)), signal!.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  next();
  return promise;

  function next(): void {
    clearTimeout(timer);
    const turn = turns[begun++];
    // Before the turn, which may end everything while it begins.
    if (hedgeMs !== undefined && begun < turns.length) timer = setTimeout(next, hedgeMs);
    if (turn) take(turn).catch((error: unknown) => end(() => reject(error), error));
    else if (underWay.size === 0) end(() => resolve(undefined), undefined);
  }

  async function take(turn: Turn<T>): Promise<void> {
    const stop = new AbortController();
    underWay.add(stop);
    let given: T | undefined;
    try {
      given = await turn(stop.signal);
    } finally {
      // At once with what it gives: or another that ends meanwhile would take it for one that gives nothing.
      underWay.delete(stop);
    }
    if (given === undefined) {
      if (!over) next();
    } else if (over) discard(given);
    else end(() => resolve(given), new Error('another one was faster'));
  }

  function end(settle: () => void, reason: unknown): void {
    over = true;
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    for (const stop of underWay) stop.abort(reason);
    settle();
  }
}
