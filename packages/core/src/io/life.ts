import { setMaxListeners } from 'node:events';
import { isWeightsealError } from '../errors.js';
import { anySignal } from '../keys/any-signal.js';

/** What is under way on something that can be closed: closing ends it, and waits for it. */
export class Life {
  readonly #working = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  readonly #closed: () => Error;

  /** @param closed what whoever uses it afterwards is told */
  constructor(closed: () => Error) {
    this.#closed = closed;
    listenedToByMany(this.#closing.signal);
  }

  /** Fires when it is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** @throws what whoever uses it afterwards is told */
  checkOpen(): void {
    if (this.closing.aborted) throw this.#closed();
  }

  /** Something that ends by itself once it is closed, and is waited for. It never rejects. */
  add(ended: Promise<void>): void {
    this.#working.add(ended);
    void ended.then(() => this.#working.delete(ended));
  }

  /** @throws what whoever uses it afterwards is told, also when it is closed meanwhile */
  async whileOpen<T>(signal: AbortSignal | undefined, work: (either: AbortSignal) => Promise<T>): Promise<T> {
    this.checkOpen();
    const working = work(anySignal(signal, this.closing));
    this.add(
      working.then(
        () => {},
        () => {},
      ),
    );
    try {
      return await working;
    } catch (error) {
      const ended = this.closing.aborted && !signal?.aborted;
      throw ended && isWeightsealError(error) && error.code === 'ABORTED' ? this.#closed() : error;
    }
  }

  async end(): Promise<void> {
    this.#closing.abort(this.#closed());
    await Promise.all(this.#working);
  }
}

/** As many listen as there are reads under way, and Node warns of the eleventh. */
function listenedToByMany(signal: AbortSignal): void {
  try {
    setMaxListeners(0, signal);
  } catch {
    // Of Jest's browser environment: none of Node's, and it warns of nothing.
  }
}
