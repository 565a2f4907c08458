import type { FileHandle } from 'node:fs/promises';
import { planForPart, warmFor } from './engine/pass.js';
import { batches } from './engine/plan.js';
import { isWeightsealError, WeightsealError } from './errors.js';
import type { Context } from './format/context.js';
import { release } from './format/segment.js';
import { OVERHEAD } from './format/sizes.js';
import type { ByteSource } from './io/byte-source.js';
import { Input } from './io/input.js';
import { describe, type Opened, openAll } from './open-all.js';
import type { OnProgress } from './progress.js';
import { SealedSource } from './sealed-source.js';
import { setImmediate } from './timers.js';
import type { UnlockOptions } from './unlock.js';

/** Segments from this length on come as the cipher's pieces; smaller ones are gathered, since each piece has its cost. */
const PIECES_FROM = 262_144;

export interface ReaderOptions extends UnlockOptions {
  /** Whether all of it will be read soon (`writeTo`): threads then start while the key is asked. The default is false. */
  readonly whole?: boolean | undefined;
}

export interface WriteOptions {
  /** Whether to compute the plaintext's SHA-256 too and compare it with the sealed one; the default is false. */
  readonly digest?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * A sealed file opened for reading anywhere in it, which is itself a byte source: of the plaintext. One call to a key when it is opened, none
 * afterwards. Holds keys until it is disposed of, which ends reads that are under way: `await using reader = await openReader(…)`.
 */
export class SealedReader implements ByteSource, AsyncDisposable {
  readonly #sealed: SealedSource;
  readonly #working = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  private constructor(sealed: SealedSource) {
    this.#sealed = sealed;
  }

  /** Authenticates the envelope and the last segment. @throws like `openToFile` */
  static async open(input: string | ByteSource, options: ReaderOptions): Promise<SealedReader> {
    const opened = await Input.open(input, options.signal);
    return new SealedReader(await SealedSource.open(opened, options, options.whole ?? false));
  }

  /** Bytes of plaintext. */
  get size(): number {
    return this.#sealed.size;
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
    const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
    if (!inside || offset + length > this.size) {
      throw new WeightsealError(
        'INVALID_ARGUMENT',
        `Bytes ${offset} to ${offset + length} are not all within the ${this.size} that there are.`,
      );
    }
    return await this.#whileOpen(options.signal, (signal) => this.#read(offset, length, signal));
  }

  /**
   * Writes all of the plaintext into a file that is open for writing, from its first byte on, in parallel. The file is the caller's: what an
   * early end leaves in it is authentic, and is not the whole. Its length is not changed beyond what is written.
   *
   * @throws what a segment is refused with, DIGEST_MISMATCH, NO_SPACE, IO_ERROR, ABORTED
   */
  async writeTo(handle: FileHandle, options: WriteOptions = {}): Promise<Opened> {
    return await this.#whileOpen(options.signal, (signal) =>
      openAll(this.#sealed, { handle, path: 'the file' }, { ...options, signal }, options.digest ?? false),
    );
  }

  /** Closing ends what is under way, and waits for its threads. */
  async #whileOpen<T>(
    signal: AbortSignal | undefined,
    work: (either: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#closing.signal.aborted) throw closed();
    const either = new AbortController();
    const unlink = [signal, this.#closing.signal].map((one) => following(one, either));
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
    const out = new Uint8Array(length);
    if (length === 0) return out;
    const { segments } = this.#sealed.body;
    const perSegment = segments.segmentLength - OVERHEAD;
    const plan = planForPart(segments.segmentLength, length);
    const from = Math.floor(offset / perSegment);
    const some = batches(segments, plan.batchCount, from, Math.ceil((offset + length) / perSegment));
    const emit = segments.segmentLength >= PIECES_FROM ? 'pieces' : true;
    const pass = { operation: 'open', emit, signal, progress: () => {} } as const;
    try {
      for await (const { batch, bytes, pieces } of this.#sealed.runBatches(pass, plan, some)) {
        let at = batch.plainOffset - offset;
        for (const piece of pieces ?? [bytes!]) {
          const part = piece.subarray(Math.max(0, -at), Math.max(0, length - at));
          if (part.length > 0) out.set(part, Math.max(0, at));
          at += piece.length;
          release(piece);
        }
      }
      // Whoever has read much may want more.
      if (plan.inline) setImmediate(warmFor, length);
      return out;
    } catch (error) {
      out.fill(0);
      throw await this.#sealed.explain(error, undefined, signal);
    }
  }

  /** Ends what is under way, and zeroes the keys. Threads are waited for, and a caller's byte source that does not answer is not. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(closed());
    await Promise.all(this.#working);
    await this.#sealed[Symbol.asyncDispose]();
  }
}

/** Aborts the controller when the signal fires; the returned function ends that. */
function following(signal: AbortSignal | undefined, controller: AbortController): () => void {
  const onAbort = () => controller.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  return () => signal?.removeEventListener('abort', onAbort);
}

function closed(): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', 'The reader has been closed; open the file again.');
}

/** Opens a sealed file for random access. */
export function openReader(input: string | ByteSource, options: ReaderOptions): Promise<SealedReader> {
  return SealedReader.open(input, options);
}
