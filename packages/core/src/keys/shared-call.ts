import { abortedError } from '../errors.js';
import type { DataKey } from './secret.js';

type Waiting = PromiseWithResolvers<Uint8Array>;

/** One call for a data key that several wait for. It goes on for as long as somebody does. */
export class SharedCall {
  readonly #waiting = new Set<Waiting>();
  readonly #stop = new AbortController();
  readonly #ended: (key?: DataKey) => void;

  /** `ended` is told once that the call is over, with the data key, to take over, when it gave one that somebody waited for. */
  constructor(call: (stop: AbortSignal) => Promise<DataKey>, ended: (key?: DataKey) => void) {
    this.#ended = ended;
    call(this.#stop.signal).then(
      (key) => this.#succeed(key),
      (error: unknown) => this.fail(error),
    );
  }

  /** A copy of the data key, which the caller owns. An abort ends this wait, and the call only when nobody else waits. */
  wait(signal: AbortSignal | undefined): Promise<Uint8Array> {
    const waiting: Waiting = Promise.withResolvers();
    const leave = () => {
      if (!this.#waiting.delete(waiting)) return;
      const error = abortedError(signal!);
      waiting.reject(error);
      if (this.#waiting.size === 0) this.fail(error);
    };
    this.#waiting.add(waiting);
    signal?.addEventListener('abort', leave, { once: true });
    if (signal?.aborted) leave();
    return waiting.promise.finally(() => signal?.removeEventListener('abort', leave));
  }

  /** Ends the call, and the wait of all who still wait. */
  fail(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(error);
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.clear();
    this.#ended();
  }

  #succeed(key: DataKey): void {
    if (this.#stop.signal.aborted) {
      key[Symbol.dispose]();
      return;
    }
    // At once, and not when those who wait come to it: the key may have been put out by then.
    for (const { resolve } of this.#waiting) resolve(key.clone().bytes);
    this.#waiting.clear();
    this.#ended(key);
  }
}
