import { invalidArgument } from '../common/arguments.js';
import { isWeightsealError } from '../errors.js';
import { anySignal } from '../keys/any-signal.js';

/** What is under way on something that can be closed: closing ends it, and waits for it. */
export class Life {
  readonly #working = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  /** @throws INVALID_ARGUMENT once it is closed */
  async whileOpen<T>(signal: AbortSignal | undefined, work: (either: AbortSignal) => Promise<T>): Promise<T> {
    const closing = this.#closing.signal;
    if (closing.aborted) throw closed();
    const working = work(anySignal(signal, closing));
    const settled = working.then(
      () => {},
      () => {},
    );
    this.#working.add(settled);
    try {
      return await working;
    } catch (error) {
      const ended = closing.aborted && !signal?.aborted;
      throw ended && isWeightsealError(error) && error.code === 'ABORTED' ? closed() : error;
    } finally {
      this.#working.delete(settled);
    }
  }

  async end(): Promise<void> {
    this.#closing.abort(closed());
    await Promise.all(this.#working);
  }
}

function closed(): Error {
  return invalidArgument('The bundle has been closed; open it again.');
}
