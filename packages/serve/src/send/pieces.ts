/** Of all answers together, so much is read and not yet sent: each may have less when there are more. */
const BUDGET = 8_388_608;
const LEAST = 16_384;
const MOST = 1_048_576;
/** With so many answers, each reads a piece while the one before is sent. With more, others are sent meanwhile. */
const AHEAD = 32;
/** What TLS has once held for a connection stays with it, so that many connections have small pieces even while few of them are answered. */
const CONNECTIONS_A_SHARE = 4;
/** What is kept for the next answers. */
const KEPT = 4_194_304;

/** Memory for what is read, used again and again. */
export class Pieces {
  readonly #free = new Map<number, Buffer[]>();
  #kept = 0;
  #answers = 0;
  #connections = 0;

  /** How many answers share it. */
  begin(): Disposable {
    this.#answers++;
    return { [Symbol.dispose]: () => void this.#answers-- };
  }

  /** How many connections are open. */
  connected(connections: number): void {
    this.#connections = connections;
  }

  /** Whether an answer reads a piece while the one before is sent. */
  get ahead(): boolean {
    return this.#answers <= AHEAD;
  }

  /** The most bytes that a piece of one answer may have now: a power of two. */
  get most(): number {
    const answers = Math.max(1, this.#answers) * (this.ahead ? 2 : 1);
    const share = BUDGET / Math.max(answers, this.#connections / CONNECTIONS_A_SHARE);
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

/** How large the pieces of one answer are: they grow while the client takes them fast, so that who is slow holds little memory and a stalled one is seen early. The first is the least, for all to have their first bytes soon. */
export class PieceSize {
  #bytes = LEAST;

  /** @param left what is yet to be sent */
  next(most: number, left: number): number {
    const whole = 2 ** Math.ceil(Math.log2(Math.max(LEAST, left)));
    return Math.min(this.#bytes, most, whole);
  }

  took(ms: number): void {
    if (ms < 50) this.#bytes = Math.min(MOST, this.#bytes * 2);
    else if (ms > 1000) this.#bytes = Math.max(LEAST, this.#bytes / 2);
  }
}
