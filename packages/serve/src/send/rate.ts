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

  /** Takes so many bytes. @returns how long to wait before they are sent, in milliseconds */
  take(bytes: number): number {
    const now = this.#now();
    const from = Math.max(now, this.#free);
    this.#free = from + (bytes / this.#bytesPerSecond) * 1000;
    return from - now;
  }

  async wait(bytes: number, signal: AbortSignal): Promise<void> {
    const ms = this.take(bytes);
    if (ms > 0) await sleep(ms, undefined, { signal });
  }
}
