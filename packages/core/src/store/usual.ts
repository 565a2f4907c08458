/** How many of the last ones are looked at. */
const KEPT = 64;
/** With fewer, nobody can say what is usual. */
const ENOUGH = 16;
const TAIL = 0.95;
/** How many times as long as the slowest of the usual ones a range takes before it is asked for again (Dean and Barroso, The Tail at Scale, 2013: after the 95th percentile; thrice that costs hardly any requests). */
const TIMES = 3;
const LEAST_MS = 50;

/** How long ranges of a store take, and how many of them are asked for twice now. */
export class Usual {
  hedged = 0;
  readonly #times: number[] = [];
  #at = 0;

  add(ms: number): void {
    this.#times[this.#at] = ms;
    this.#at = (this.#at + 1) % KEPT;
  }

  /** After how many milliseconds a range takes unusually long; undefined while nobody can say. */
  get patience(): number | undefined {
    if (this.#times.length < ENOUGH) return undefined;
    const sorted = this.#times.toSorted((a, b) => a - b);
    return Math.max(LEAST_MS, Math.ceil(TIMES * sorted[Math.floor(sorted.length * TAIL)]!));
  }
}
