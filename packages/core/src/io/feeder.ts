import { copyBytes } from '../common/copy-bytes.js';
import { abortedError, isWeightsealError, throwIfAborted, WeightsealError } from '../errors.js';
import { concat } from '../format/bytes.js';

/** What a stream operation reads: a Node stream, a web stream, or any async iterable of bytes. */
export type ByteStream = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** Reads a stream in pieces of the reader's choice, holding no more than one chunk beyond them. */
export class Feeder implements AsyncDisposable {
  readonly #stream: ByteStream;
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #signal: AbortSignal | undefined;
  #chunk: Uint8Array = new Uint8Array(0);
  #done = false;

  /** @throws INVALID_ARGUMENT for a stream that somebody else reads */
  constructor(stream: ByteStream, signal: AbortSignal | undefined) {
    this.#stream = stream;
    hearErrors(stream);
    this.#iterator = iteratorOf(stream);
    this.#signal = signal;
  }

  /** Fills as much of `target` as the stream still has, and returns how many bytes that were. */
  async fill(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.length && !(await this.ended())) {
      const part = this.#chunk.subarray(0, target.length - filled);
      copyBytes(target, part, filled);
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
    return this.#chunk.length === 0;
  }

  /** The next bytes, at least `length` of them where there are so many, which are still to be read. */
  async peek(length: number): Promise<Uint8Array> {
    while (this.#chunk.length < length) {
      const before = this.#chunk;
      this.#chunk = new Uint8Array(0);
      const ended = await this.ended();
      this.#chunk = concat(before, this.#chunk);
      if (ended) break;
    }
    return this.#chunk;
  }

  /** Up to `length` bytes; fewer only at the end. */
  async take(length: number): Promise<Uint8Array> {
    const out = new Uint8Array(length);
    return out.subarray(0, await this.fill(out));
  }

  /** Tells the stream that no more of it is wanted, unless it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    // A stream that is stuck in a read would not return from it; nobody waits for it.
    void Promise.resolve(this.#iterator.return?.()).catch(() => {});
    // The iterator of a Node stream that nothing was read of does not tell the stream.
    if ('destroy' in this.#stream && typeof this.#stream.destroy === 'function') this.#stream.destroy();
  }

  #next(): Promise<IteratorResult<Uint8Array>> {
    const signal = this.#signal;
    return new Promise((resolve, reject) => {
      const onAbort = () => signal && reject(abortedError(signal));
      signal?.addEventListener('abort', onAbort, { once: true });
      Promise.resolve(this.#iterator.next())
        .then(resolve, (error: unknown) => reject(this.#failure(error)))
        .finally(() => signal?.removeEventListener('abort', onAbort));
    });
  }

  #failure(cause: unknown): WeightsealError {
    this.#done = true;
    if (this.#signal?.aborted) return abortedError(this.#signal);
    if (isWeightsealError(cause)) return cause;
    return new WeightsealError('IO_ERROR', 'The input stream failed; its error is the cause.', { cause });
  }
}

/**
 * A Node stream may fail while nobody reads it yet, because a key is being asked or its reader has not begun; the iterator tells of it later. An
 * error event that nobody listens to would end the process.
 */
export function hearErrors(stream: ByteStream): void {
  if ('on' in stream && typeof stream.on === 'function') stream.on('error', () => {});
}

function iteratorOf(stream: ByteStream): AsyncIterator<Uint8Array> {
  try {
    return 'getReader' in stream ? ofWebStream(stream) : stream[Symbol.asyncIterator]();
  } catch (cause) {
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'The stream cannot be read, since somebody else reads it already (it is locked); give one that nobody reads.',
      { cause },
    );
  }
}

/** As its own iterator, but that it is cancelled at once, also in a read that is stuck: its own waits for that, and a connection would stay open. */
function ofWebStream(stream: ReadableStream<Uint8Array>): AsyncIterator<Uint8Array> {
  const reader = stream.getReader();
  return {
    async next() {
      try {
        const { value, done } = await reader.read();
        if (!done) return { value, done };
      } catch (error) {
        reader.releaseLock();
        throw error;
      }
      reader.releaseLock();
      return { value: undefined, done: true };
    },
    async return() {
      const cancelled = reader.cancel();
      reader.releaseLock();
      await cancelled;
      return { value: undefined, done: true };
    },
  };
}

function asBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const given =
    typeof value === 'string' ? 'strings; give one without an encoding' : 'something other than bytes';
  throw new WeightsealError('INVALID_ARGUMENT', `The stream gives ${given}.`);
}
