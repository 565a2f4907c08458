/** What the kernel may give at once: with less, more calls; with more, it no longer fits into a core's second-level cache. */
const READ_BYTES = 262_144;
/** Room that must be left: more than a record of TLS. */
const LEAST_BYTES = 65_536;

/**
 * The memory into which a socket reads, which is used again and again. A socket of TLS goes on giving what it has deciphered already after it was told to stop, so what has come lies one behind the other
 * until it is taken, and nothing is written over what somebody reads.
 */
export class ReadMemory {
  readonly #stops: boolean;
  #memory: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  /** Where the next bytes go. */
  #at = 0;
  readonly #waiting: Buffer[] = [];
  /** Whoever reads has it until he asks for the next. */
  #lent: Buffer | undefined;

  /** @param stops whether nothing comes any more once the socket was told so: then it is one memory, at whose beginning all is */
  constructor(stops: boolean) {
    this.#stops = stops;
  }

  /** Whether all that came was taken. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Where a socket may write. */
  room(): Buffer {
    if (this.#stops || (this.isEmpty && !this.#lent)) this.#at = 0;
    if (this.#stops) return this.#memory;
    if (this.#memory.length - this.#at < LEAST_BYTES) {
      // Round to the beginning, where nobody needs that any more.
      if (this.#lowest() < LEAST_BYTES) this.#memory = Buffer.allocUnsafeSlow(READ_BYTES);
      this.#at = 0;
    }
    return this.#memory.subarray(this.#at, this.#end());
  }

  /** So many bytes were written where there was room. */
  came(length: number): void {
    const last = this.#waiting.at(-1);
    const start = this.#at;
    this.#at += length;
    const isNext =
      last?.buffer === this.#memory.buffer && last.byteOffset + last.length === this.#offset(start);
    if (isNext)
      this.#waiting[this.#waiting.length - 1] = Buffer.from(
        last.buffer,
        last.byteOffset,
        last.length + length,
      );
    else this.#waiting.push(this.#memory.subarray(start, this.#at));
  }

  /** What came first, good until the next call. */
  take(): Buffer | undefined {
    this.#lent = this.#waiting.shift();
    return this.#lent;
  }

  /** The end of what was taken, for the next one. */
  giveBack(rest: Buffer): void {
    if (rest.length > 0) this.#waiting.unshift(rest);
  }

  #offset(at: number): number {
    return this.#memory.byteOffset + at;
  }

  /** The lowest place that is needed of this memory, from where on. */
  #lowest(): number {
    let lowest = this.#memory.length;
    for (const piece of [...this.#waiting, ...(this.#lent ? [this.#lent] : [])])
      if (piece.buffer === this.#memory.buffer)
        lowest = Math.min(lowest, piece.byteOffset - this.#memory.byteOffset);
    return lowest;
  }

  /** Up to what lies further on, and is needed. */
  #end(): number {
    let end = this.#memory.length;
    for (const piece of [...this.#waiting, ...(this.#lent ? [this.#lent] : [])]) {
      const start = piece.byteOffset - this.#memory.byteOffset;
      if (piece.buffer === this.#memory.buffer && start >= this.#at) end = Math.min(end, start);
    }
    return end;
  }
}
