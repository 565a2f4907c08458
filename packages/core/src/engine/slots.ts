/** A few pieces of shared memory that go round: what bounds the memory of an operation. */
export class Slots {
  readonly #free: SharedArrayBuffer[] = [];
  readonly #waiting: ((slot: SharedArrayBuffer) => void)[] = [];
  /** What is alike can stand in for another. */
  readonly shape: string;
  readonly #bytes: number;
  #left: number;

  /** @param bytes of each slot; @param count how many there can be, allocated as they are needed */
  constructor(bytes: number, count: number) {
    this.#bytes = bytes;
    this.#left = count;
    this.shape = `${count} of ${bytes}`;
  }

  take(): Promise<SharedArrayBuffer> {
    const free = this.#free.pop();
    if (free) return Promise.resolve(free);
    if (this.#left > 0) {
      this.#left--;
      return Promise.resolve(new SharedArrayBuffer(this.#bytes));
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  give(slot: SharedArrayBuffer): void {
    const next = this.#waiting.shift();
    if (next) next(slot);
    else this.#free.push(slot);
  }
}
