import { abortedError, throwIfAborted } from '../errors.js';
import type { ByteSource } from './byte-source.js';

/** What a stream operation reads: a Node stream, a web stream, or any async iterable of bytes. */
export type ByteStream = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

export function isByteSource(input: ByteSource | ByteStream): input is ByteSource {
  return 'read' in input && 'size' in input && typeof input.read === 'function';
}

/** Reads a stream in pieces of the reader's choice, holding no more than one chunk beyond them. */
export class Feeder implements AsyncDisposable {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #signal: AbortSignal | undefined;
  #chunk: Uint8Array = new Uint8Array(0);
  #done = false;

  constructor(stream: ByteStream, signal: AbortSignal | undefined) {
    this.#iterator = (stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    this.#signal = signal;
  }

  /** Fills as much of `target` as the stream still has, and returns how many bytes that were. */
  async fill(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.length && !(await this.ended())) {
      const part = this.#chunk.subarray(0, target.length - filled);
      target.set(part, filled);
      this.#chunk = this.#chunk.subarray(part.length);
      filled += part.length;
    }
    return filled;
  }

  /** True when nothing is left; waits for the next chunk to know. */
  async ended(): Promise<boolean> {
    while (this.#chunk.length === 0 && !this.#done) {
      throwIfAborted(this.#signal);
      const { value, done } = await this.#next();
      this.#done = done === true;
      if (!this.#done) this.#chunk = asBytes(value);
    }
    return this.#done;
  }

  /** Up to `length` bytes; fewer only at the end. */
  async take(length: number): Promise<Uint8Array> {
    const out = new Uint8Array(length);
    return out.subarray(0, await this.fill(out));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    // A stream that is stuck in a read would not return from it; nobody waits for it.
    void Promise.resolve(this.#iterator.return?.()).catch(() => {});
  }

  #next(): Promise<IteratorResult<Uint8Array>> {
    const signal = this.#signal;
    const next = this.#iterator.next();
    if (!signal) return next;
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(abortedError(signal));
      signal.addEventListener('abort', onAbort, { once: true });
      next.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
    });
  }
}

function asBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string')
    throw new TypeError('The stream gives strings; give one of bytes (no encoding set).');
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw new TypeError('The stream gives something other than bytes.');
}
