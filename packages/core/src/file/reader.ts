import type { FileHandle } from 'node:fs/promises';
import { checkKinds } from '../common/arguments.js';
import type { OnProgress } from '../common/progress.js';
import { WeightsealError } from '../errors.js';
import type { Context } from '../format/context.js';
import type { ReadOptions } from '../io/reads.js';
import { checkKeys } from '../keys/wrap.js';
import { Input, type InputAnywhere } from './input.js';
import { describe, type Opened, openAll } from './open-all.js';
import { PlaintextReader } from './plaintext-reader.js';
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

/**
 * A sealed file opened for reading anywhere in it, which is itself a byte source: of the plaintext. One call to a key when it is opened, none
 * afterwards. Holds keys until it is closed, which ends reads that are under way: `close()`, or `await using reader = await openReader(…)`.
 */
export class SealedReader extends PlaintextReader {
  readonly #sealed: SealedSource;

  private constructor(sealed: SealedSource) {
    super(sealed);
    this.#sealed = sealed;
  }

  /** Authenticates the envelope and the last segment. @throws like `openToFile` */
  static async open(input: InputAnywhere, options: ReaderOptions): Promise<SealedReader> {
    checkKinds(options, 'openReader', { onSize: 'function' });
    checkKeys(options.keys);
    const opened = await Input.open(input, options, 'openBundle');
    const { whole = false } = options;
    return new SealedReader(await SealedSource.open(opened, { ...options, whole }));
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
   * Writes all of the plaintext into a file that is open for writing, from its first byte on, in parallel. The file is the caller's: what an
   * early end leaves in it is authentic, and is not the whole. Its length is not changed beyond what is written.
   *
   * @throws what a segment is refused with, DIGEST_MISMATCH, NO_SPACE, IO_ERROR, ABORTED
   */
  async writeTo(handle: FileHandle, options: WriteOptions = {}): Promise<Opened> {
    checkKinds(options, 'writeTo');
    if (typeof handle?.fd !== 'number') throw noHandle();
    return await this.whileOpen(options.signal, (signal) =>
      openAll(this.#sealed, { handle, path: 'the file' }, { ...options, signal }, options.digest ?? false),
    );
  }
}

function noHandle(): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    'What is written to must be a FileHandle, as `open` of node:fs/promises gives it.',
  );
}

/** Opens a sealed file for random access. */
export function openReader(input: InputAnywhere, options: ReaderOptions): Promise<SealedReader> {
  return SealedReader.open(input, options);
}
