import { copyBytes } from '../common/copy-bytes.js';
import type { Digest } from '../engine/digest.js';
import { Slots } from '../engine/slots.js';

const SLOT_BYTES = 2_097_152;
const SLOTS = 3;

/** SHA-256 of bytes that go out, on a thread of its own, a little behind them. */
export class StreamDigest {
  readonly #digest: Digest;
  readonly #slots = new Slots(SLOT_BYTES, SLOTS);
  #hashing: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  /** The bytes are the caller's again when it resolves. */
  async update(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += SLOT_BYTES) {
      const piece = bytes.subarray(at, at + SLOT_BYTES);
      const slot = await this.#slots.take();
      copyBytes(new Uint8Array(slot), piece);
      this.#hashing = this.#digest
        .update(slot, piece.length)
        .catch((error: unknown) => {
          this.#failure ??= { error };
        })
        .finally(() => this.#slots.give(slot));
    }
  }

  async finish(): Promise<Uint8Array> {
    await this.#hashing;
    if (this.#failure) throw this.#failure.error;
    return Buffer.from((await this.#digest.finish()).slice('sha256:'.length), 'hex');
  }

  async end(): Promise<void> {
    await this.#hashing;
    await this.#digest.end();
  }
}
