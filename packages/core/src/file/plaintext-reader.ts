import { checkKinds } from '../common/arguments.js';
import { abortedError, ioError, WeightsealError } from '../errors.js';
import { release } from '../format/segment.js';
import type { ByteSource } from '../io/byte-source.js';
import { Life } from '../io/life.js';
import { endingStream } from '../io/output/ending-stream.js';
import { partsOf } from './parts.js';
import type { Payload } from './payload.js';

/** Which bytes of the plaintext, as `slice` of an array has it. */
export interface StreamOptions {
  /** The first byte; 0 unless told. */
  readonly start?: number | undefined;
  /** The byte after the last; the end of the plaintext unless told. */
  readonly end?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A payload that is open for reading anywhere in it, until it is closed, which ends reads that are under way. */
export class PlaintextReader implements ByteSource, AsyncDisposable {
  readonly #payload: Payload & AsyncDisposable;
  readonly #life = new Life(closed);
  #closed: Promise<void> | undefined;

  constructor(payload: Payload & AsyncDisposable) {
    this.#payload = payload;
  }

  /** Bytes of plaintext. */
  get size(): number {
    return this.#payload.size;
  }

  /** Bytes of an encrypted segment, 32 more than its plaintext has: whatever is read of a segment, all of it is read and decrypted. */
  get segmentLength(): number {
    return this.#payload.body.segments.segmentLength;
  }

  /**
   * Reads `length` bytes of plaintext at `offset`, from only the segments that hold them.
   *
   * @throws INVALID_ARGUMENT outside the file and after it was closed; what a segment is refused with
   */
  async read(
    offset: number,
    length: number,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { signal: given } = checkKinds(options, 'read');
    this.#checkWithin(offset, offset + length, length);
    return await this.whileOpen(given, (signal) => this.#read(offset, length, signal));
  }

  /**
   * The plaintext from `start` (inclusive) to `end` (exclusive) as a web stream, from only the segments that hold it, some of them ahead of its reader. Every
   * chunk has been authenticated, and is the reader's. `Readable.fromWeb` makes a Node stream of it. Cancelling it ends it, and so does closing the reader.
   *
   * @throws INVALID_ARGUMENT outside the file and after it was closed; by erroring the stream, what a segment is refused with, ABORTED
   */
  stream(options: StreamOptions = {}): ReadableStream<Uint8Array<ArrayBuffer>> {
    const {
      start = 0,
      end = this.size,
      signal,
    } = checkKinds(options, 'stream', { start: 'any', end: 'any' });
    this.#checkWithin(start, end, end - start);
    this.#life.checkOpen();
    const ending = new AbortController();
    const chunks = this.#chunks(start, end - start, ending.signal);
    const unlink = [
      following(signal, () => ending.abort(abortedError(signal!))),
      following(this.#life.closing, () => ending.abort(closed())),
    ];
    const { stream, ended } = endingStream(chunks, ending);
    this.#life.add(ended);
    void ended.then(() => {
      for (const stop of unlink) stop();
    });
    return stream;
  }

  #checkWithin(start: number, end: number, length: number): void {
    const whole = [start, end, length].every((one) => Number.isSafeInteger(one) && one >= 0);
    if (whole && end <= this.size) return;
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `Bytes ${start} to ${end} are not all within the ${this.size} that there are.`,
    );
  }

  /** Closing ends what is under way, and waits for its threads. */
  protected async whileOpen<T>(
    signal: AbortSignal | undefined,
    work: (either: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return await this.#life.whileOpen(signal, work);
  }

  async #read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const out = memoryFor(length);
    try {
      for await (const { bytes, at, memory } of partsOf(this.#payload, offset, length, signal)) {
        out.set(bytes, at);
        release(memory);
      }
      return out;
    } catch (error) {
      out.fill(0);
      throw error;
    }
  }

  async *#chunks(
    offset: number,
    length: number,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    for await (const { bytes } of partsOf(this.#payload, offset, length, signal)) yield bytes;
  }

  /** Ends what is under way, and zeroes the keys. Threads are waited for, and a caller's byte source that does not answer is not. Safe to call twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#life.end();
    await this.#payload[Symbol.asyncDispose]();
  }

  /** The same as `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Calls when the signal fires, at once where it has; the returned function ends that. */
function following(signal: AbortSignal | undefined, onAbort: () => void): () => void {
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  return () => signal?.removeEventListener('abort', onAbort);
}

function memoryFor(length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (error) {
    throw ioError(error, `read ${length} bytes at once; read less, or take \`stream\``);
  }
}

function closed(): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', 'The reader has been closed; open the file again.');
}
