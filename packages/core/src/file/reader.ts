import type { FileHandle } from 'node:fs/promises';
import { checkKinds } from '../common/arguments.js';
import type { OnProgress } from '../common/progress.js';
import { abortedError, ioError, isWeightsealError, WeightsealError } from '../errors.js';
import type { Context } from '../format/context.js';
import { release } from '../format/segment.js';
import type { ByteSource } from '../io/byte-source.js';
import { Input } from '../io/input.js';
import { endingStream } from '../io/output/ending-stream.js';
import type { ReadOptions } from '../io/reads.js';
import { checkKeys } from '../keys/wrap.js';
import { describe, type Opened, openAll } from './open-all.js';
import { partsOf } from './parts.js';
import { SealedSource } from './sealed-source.js';
import type { UnlockOptions } from './unlock.js';

export interface ReaderOptions extends UnlockOptions, ReadOptions {
  /** Whether all of it will be read soon (`writeTo`): threads then start while the key is asked. The default is false. */
  readonly whole?: boolean | undefined;
  /** Told how many bytes of plaintext there seem to be, before a key is asked. What it throws ends the opening. */
  readonly onSize?: ((size: number) => void) | undefined;
}

export interface WriteOptions {
  /** Whether to compute the plaintext's SHA-256 too and compare it with the sealed one; the default is false. */
  readonly digest?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Which bytes of the plaintext, as `slice` of an array has it. */
export interface StreamOptions {
  /** The first byte; 0 unless told. */
  readonly start?: number | undefined;
  /** The byte after the last; the end of the plaintext unless told. */
  readonly end?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A sealed file opened for reading anywhere in it, which is itself a byte source: of the plaintext. One call to a key when it is opened, none
 * afterwards. Holds keys until it is closed, which ends reads that are under way: `close()`, or `await using reader = await openReader(…)`.
 */
export class SealedReader implements ByteSource, AsyncDisposable {
  readonly #sealed: SealedSource;
  readonly #working = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  private constructor(sealed: SealedSource) {
    this.#sealed = sealed;
  }

  /** Authenticates the envelope and the last segment. @throws like `openToFile` */
  static async open(input: string | URL | ByteSource, options: ReaderOptions): Promise<SealedReader> {
    checkKinds(options, 'openReader', { onSize: 'function' });
    checkKeys(options.keys);
    const opened = await Input.open(input, options);
    const { whole = false } = options;
    return new SealedReader(await SealedSource.open(opened, { ...options, whole }));
  }

  /** Bytes of plaintext. */
  get size(): number {
    return this.#sealed.size;
  }

  /** Bytes of an encrypted segment, 32 more than its plaintext has: whatever is read of a segment, all of it is read and decrypted. */
  get segmentLength(): number {
    return this.#sealed.body.segments.segmentLength;
  }

  get context(): Context {
    return this.opened.context;
  }

  /** The original file's name, chosen by whoever sealed the file. */
  get name(): string | undefined {
    return this.opened.name;
  }

  /** All that the file says of itself. The digest is the sealed one, not computed anew. */
  get opened(): Opened {
    return describe(this.#sealed.unlocked, this.size, false);
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
    return await this.#whileOpen(given, (signal) => this.#read(offset, length, signal));
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
    if (this.#closing.signal.aborted) throw closed();
    const ending = new AbortController();
    const chunks = this.#chunks(start, end - start, ending.signal);
    const unlink = [
      following(signal, () => ending.abort(abortedError(signal!))),
      following(this.#closing.signal, () => ending.abort(closed())),
    ];
    const { stream, ended } = endingStream(chunks, ending);
    this.#working.add(ended);
    void ended.then(() => {
      for (const stop of unlink) stop();
      this.#working.delete(ended);
    });
    return stream;
  }

  /**
   * Writes all of the plaintext into a file that is open for writing, from its first byte on, in parallel. The file is the caller's: what an
   * early end leaves in it is authentic, and is not the whole. Its length is not changed beyond what is written.
   *
   * @throws what a segment is refused with, DIGEST_MISMATCH, NO_SPACE, IO_ERROR, ABORTED
   */
  async writeTo(handle: FileHandle, options: WriteOptions = {}): Promise<Opened> {
    checkKinds(options, 'writeTo');
    if (typeof handle?.fd !== 'number') throw noHandle();
    return await this.#whileOpen(options.signal, (signal) =>
      openAll(this.#sealed, { handle, path: 'the file' }, { ...options, signal }, options.digest ?? false),
    );
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
  async #whileOpen<T>(
    signal: AbortSignal | undefined,
    work: (either: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#closing.signal.aborted) throw closed();
    const either = new AbortController();
    const unlink = [signal, this.#closing.signal].map((one) =>
      following(one, () => either.abort(one?.reason)),
    );
    const working = work(either.signal);
    const settled = working.then(
      () => {},
      () => {},
    );
    this.#working.add(settled);
    try {
      return await working;
    } catch (error) {
      const ended = this.#closing.signal.aborted && !signal?.aborted;
      throw ended && isWeightsealError(error) && error.code === 'ABORTED' ? closed() : error;
    } finally {
      for (const stop of unlink) stop();
      this.#working.delete(settled);
    }
  }

  async #read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const out = memoryFor(length);
    try {
      for await (const { bytes, at, memory } of partsOf(this.#sealed, offset, length, signal)) {
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
    for await (const { bytes } of partsOf(this.#sealed, offset, length, signal)) yield bytes;
  }

  /** Ends what is under way, and zeroes the keys. Threads are waited for, and a caller's byte source that does not answer is not. Safe to call twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort(closed());
    await Promise.all(this.#working);
    await this.#sealed[Symbol.asyncDispose]();
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

function noHandle(): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    'What is written to must be a FileHandle, as `open` of node:fs/promises gives it.',
  );
}

/** Opens a sealed file for random access. */
export function openReader(input: string | URL | ByteSource, options: ReaderOptions): Promise<SealedReader> {
  return SealedReader.open(input, options);
}
