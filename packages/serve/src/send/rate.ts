import { setTimeout as sleep } from 'node:timers/promises';

/** Bytes per second, for all answers of one client together. */
export class Rate {
  readonly #bytesPerSecond: number;
  readonly #now: () => number;
  /** When all that was taken up to now may have been sent, in milliseconds. */
  #free = 0;

  constructor(bytesPerSecond: number, now: () => number = () => performance.now()) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#now = now;
  }

  /** How long until all that was taken may have been sent, in milliseconds. */
  get owedMs(): number {
    return Math.max(0, this.#free - this.#now());
  }

  /** Takes so many bytes. @returns how long to wait before they are sent, in milliseconds */
  take(bytes: number): number {
    const wait = this.owedMs;
    this.#free = this.#now() + wait + (bytes / this.#bytesPerSecond) * 1000;
    return wait;
  }

  /** What a client that leaves has taken and not had counts, too: it was read for it. */
  async wait(bytes: number, signal: AbortSignal): Promise<void> {
    const ms = this.take(bytes);
    if (ms > 0) await sleep(ms, undefined, { signal });
  }
}
