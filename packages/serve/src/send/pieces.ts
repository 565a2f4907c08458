/** Of all answers together, so much is read and not yet sent: each may have less when there are more. */
const BUDGET = 67_108_864;
const LEAST = 16_384;
const MOST = 1_048_576;
/** An answer has one piece being read while another is sent. */
const EACH = 2;
/** What is kept for the next answers. */
const KEPT = 16_777_216;

/** Memory for what is read, used again and again. */
export class Pieces {
  readonly #free = new Map<number, Buffer[]>();
  #kept = 0;
  #answers = 0;

  /** How many answers share it. */
  begin(): Disposable {
    this.#answers++;
    return { [Symbol.dispose]: () => void this.#answers-- };
  }

  /** The most bytes that a piece of one answer may have now: a power of two. */
  get most(): number {
    const share = BUDGET / (EACH * Math.max(1, this.#answers));
    return Math.min(MOST, Math.max(LEAST, 2 ** Math.floor(Math.log2(share))));
  }

  /** @param bytes a power of two */
  take(bytes: number): Buffer {
    const buffer = this.#free.get(bytes)?.pop();
    if (!buffer) return Buffer.allocUnsafeSlow(bytes);
    this.#kept -= bytes;
    return buffer;
  }

  /** Only what nobody reads any more: the kernel, TLS and frames of HTTP/2 do until a write is done. */
  give(buffer: Buffer): void {
    if (this.#kept + buffer.length > KEPT) return;
    const free = this.#free.get(buffer.length) ?? [];
    free.push(buffer);
    this.#free.set(buffer.length, free);
    this.#kept += buffer.length;
  }
}

/** How large the pieces of one answer are: they grow while the client takes them fast, so that who is slow holds little memory and a stalled one is seen early. */
export class PieceSize {
  #bytes = 4 * LEAST;

  next(most: number): number {
    return Math.min(this.#bytes, most);
  }

  took(ms: number): void {
    if (ms < 50) this.#bytes = Math.min(MOST, this.#bytes * 2);
    else if (ms > 1000) this.#bytes = Math.max(LEAST, this.#bytes / 2);
  }
}
