import { copyBytes } from '../common/copy-bytes.js';
import type { Digest } from './digest.js';
import { Slots } from './slots.js';

const SLOT_BYTES = 2_097_152;
const SLOTS = 3;
/** Stretches of a file that wait to be read: so what was written is still in memory, and an end does not wait for long. */
const WAITING = 4;

/** SHA-256 of bytes that go out, on a thread of its own, a little behind them. */
export class StreamDigest {
  readonly #digest: Digest;
  readonly #slots = new Slots(SLOT_BYTES, SLOTS);
  readonly #waiting: Promise<void>[] = [];
  #hashing: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  /** The bytes are the caller's again when it resolves. */
  async update(bytes: Uint8Array): Promise<void> {
    this.#check();
    for (let at = 0; at < bytes.length; at += SLOT_BYTES) {
      const piece = bytes.subarray(at, at + SLOT_BYTES);
      const slot = await this.#slots.take();
      copyBytes(new Uint8Array(slot), piece);
      this.#hashing = this.#heard(this.#digest.update(slot, piece.length)).finally(() =>
        this.#slots.give(slot),
      );
    }
  }

  /** Bytes that are in an open file by now, where the thread reads them itself. Resolves when not too much waits for it. */
  async updateFrom(fd: number, offset: number, length: number): Promise<void> {
    this.#check();
    this.#hashing = this.#heard(this.#digest.updateFrom(fd, offset, length));
    this.#waiting.push(this.#hashing);
    if (this.#waiting.length > WAITING) await this.#waiting.shift();
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error;
  }

  #heard(done: Promise<void>): Promise<void> {
    return done.catch((error: unknown) => {
      this.#failure ??= { error };
    });
  }

  async finish(): Promise<Uint8Array> {
    await this.#hashing;
    this.#check();
    return Buffer.from((await this.#digest.finish()).slice('sha256:'.length), 'hex');
  }

  async end(): Promise<void> {
    // What is asked of a thread that is ended is not waited for.
    await Promise.all([this.#digest.end(), this.#hashing]);
  }
}
