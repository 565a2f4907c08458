import { createHash } from '../common/crypto.js';
import { type Digest, inlineDigest, threadDigest } from '../engine/digest.js';
import { SHARED_DESCRIPTORS } from '../engine/shared-descriptors.js';
import { StreamDigest } from '../engine/stream-digest.js';
import type { Expected } from './checks.js';

/** Below, a thread costs more than the hashing. */
const INLINE_BYTES = 4_194_304;

/** SHA-256 of a file that is written, or lies there: from a place in it on, on a thread, behind those who write. */
export class FollowingDigest implements AsyncDisposable {
  readonly #expected: Expected;
  readonly #size: number;
  #made: StreamDigest | undefined;
  #small: ReturnType<typeof createHash> | undefined;
  readonly #done = new Set<number>();
  /** All before has been given to the digest. */
  #next = 0;
  #following: Promise<void> = Promise.resolve();

  constructor(expected: Expected, size: number) {
    this.#expected = expected;
    this.#size = size;
  }

  get #digest(): StreamDigest {
    this.#made ??= new StreamDigest(digestOf(this.#size));
    return this.#made;
  }

  /** Bytes in their order; they are the caller's again when it resolves. */
  async update(bytes: Uint8Array): Promise<void> {
    const from = Math.min(bytes.length, Math.max(0, this.#expected.offset - this.#next));
    this.#next += bytes.length;
    if (this.#size <= INLINE_BYTES) {
      this.#small ??= createHash('sha256');
      this.#small.update(bytes.subarray(from));
    } else if (from < bytes.length) await this.#digest.update(bytes.subarray(from));
  }

  /** A stretch of the file is there, in whatever order they come. Resolves when not too much waits to be read. */
  async follow(fd: number, start: number, stretchBytes: number, size: number): Promise<void> {
    this.#done.add(start);
    const before = this.#following;
    this.#following = (async () => {
      await before;
      while (this.#done.delete(this.#next)) await this.#from(fd, Math.min(size, this.#next + stretchBytes));
    })();
    await this.#following;
  }

  /** All of the file as it lies there. */
  async all(fd: number, size: number, stop: () => void): Promise<void> {
    while (this.#next < size) {
      stop();
      await this.#from(fd, Math.min(size, this.#next + INLINE_BYTES));
    }
  }

  async #from(fd: number, end: number): Promise<void> {
    const start = Math.max(this.#next, this.#expected.offset);
    this.#next = end;
    if (start < end) await this.#digest.updateFrom(fd, start, end - start);
  }

  /** Whether it is what was expected. */
  async matches(): Promise<boolean> {
    await this.#following;
    const sum = this.#small?.digest() ?? (await this.#digest.finish());
    return Buffer.from(sum).toString('hex') === this.#expected.sha256;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#following.catch(() => {});
    await this.#made?.end();
  }
}

function digestOf(size: number): Digest {
  if (size <= INLINE_BYTES || !SHARED_DESCRIPTORS) return inlineDigest();
  try {
    return threadDigest();
  } catch {
    // The system gives no more threads.
    return inlineDigest();
  }
}
