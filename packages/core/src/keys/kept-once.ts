import { untilAborted } from './until-aborted.js';

interface Call<T> {
  readonly stop: AbortController;
  readonly made: Promise<T>;
  waiting: number;
}

/**
 * What is asked for once, and kept. Those who want it meanwhile wait for the one call; it goes on for as long as somebody does, and one that failed
 * is made again by the next.
 */
export function keptOnce<T>(ask: (stop: AbortSignal) => Promise<T>): (stop: AbortSignal) => Promise<T> {
  let kept: { readonly value: T } | undefined;
  let under: Call<T> | undefined;
  const begin = (): Call<T> => {
    const stop = new AbortController();
    const call: Call<T> = { stop, waiting: 0, made: (async () => ask(stop.signal))() };
    const over = () => {
      if (under === call) under = undefined;
    };
    call.made.then((value) => {
      if (!stop.signal.aborted) kept ??= { value };
      over();
    }, over);
    return call;
  };
  return async (stop) => {
    stop.throwIfAborted();
    if (kept) return kept.value;
    under ??= begin();
    const call = under;
    call.waiting++;
    try {
      return await untilAborted(stop, () => call.made);
    } catch (error) {
      throw stop.aborted ? stop.reason : error;
    } finally {
      call.waiting--;
      if (call.waiting === 0 && stop.aborted) {
        if (under === call) under = undefined;
        // With the reason: of some backends, what ran into the deadline is given up.
        call.stop.abort(stop.reason);
      }
    }
  };
}
