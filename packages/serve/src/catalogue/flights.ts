import { untilAborted } from '@weightseal/core';

interface Flight<T> {
  readonly result: Promise<T>;
  readonly ending: AbortController;
  waiting: number;
}

/** Work that several wait for is done once, and ended when nobody waits for it any more. */
export class Flights<T> {
  readonly #underWay = new Map<string, Flight<T>>();

  /** @param work what is done where nobody does it yet; its signal is that of all who wait @throws ABORTED, and what the work throws */
  async join(
    key: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const flight = this.#underWay.get(key) ?? this.#begin(key, work);
    flight.waiting++;
    try {
      return await untilAborted(signal, () => flight.result);
    } finally {
      if (--flight.waiting === 0) {
        this.#over(key, flight);
        flight.ending.abort();
      }
    }
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const ending = new AbortController();
    const flight = { result: work(ending.signal), ending, waiting: 0 };
    this.#underWay.set(key, flight);
    const over = () => this.#over(key, flight);
    // Nobody may be waiting any more.
    flight.result.then(over, over);
    return flight;
  }

  #over(key: string, flight: Flight<T>): void {
    if (this.#underWay.get(key) === flight) this.#underWay.delete(key);
  }
}
