import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { abortedError, ioError, isWeightsealError, throwIfAborted, WeightsealError } from '../errors.js';
import { ownBytes } from '../format/bytes.js';
import { untilAborted } from '../keys/until-aborted.js';

/** Bytes that can be read anywhere: a file, an object in a store, a buffer. */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes at `offset`; the engine asks for nothing beyond `size`, and owns what it gets. May be called
   * several times at once.
   */
  read(offset: number, length: number, options?: { signal?: AbortSignal | undefined }): Promise<Uint8Array>;
}

/** A file as a byte source. It holds a descriptor until it is disposed of. */
export class FileSource implements ByteSource, AsyncDisposable {
  readonly size: number;
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #modified: bigint;

  private constructor(path: string, handle: FileHandle, size: number, modified: bigint) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
    this.#modified = modified;
  }

  /** @throws INPUT_NOT_FOUND, IO_ERROR, INVALID_ARGUMENT for what is no regular file */
  static async open(path: string, flags: number = constants.O_RDONLY): Promise<FileSource> {
    // Non-blocking, or opening a pipe would wait for its other end; a regular file does not know the difference.
    const handle = await open(path, flags | (constants.O_NONBLOCK ?? 0)).catch((error: unknown) => {
      throw ioError(error, `open ${path}`);
    });
    try {
      return await FileSource.of(path, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** A source over a file that is open already; `path` is what messages call it. @throws INVALID_ARGUMENT, IO_ERROR */
  static async of(path: string, handle: FileHandle): Promise<FileSource> {
    const stats = await statOf(path, handle);
    if (stats.isFile()) return new FileSource(path, handle, Number(stats.size), stats.mtimeNs);
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${path} is not a regular file; give a file, or - for a stream.`,
    );
  }

  /** The open file, for those who write into it too. */
  get handle(): FileHandle {
    return this.#handle;
  }

  /** The open descriptor, for the pool's threads. */
  get fd(): number {
    return this.#handle.fd;
  }

  async read(
    offset: number,
    length: number,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Uint8Array> {
    const out = new Uint8Array(length);
    await this.readInto(out, offset, options?.signal);
    return out;
  }

  /** Reads straight into memory that the caller has. @throws INPUT_CHANGED when the file has become shorter */
  async readInto(out: Uint8Array, offset: number, signal?: AbortSignal): Promise<void> {
    for (let done = 0; done < out.length; ) {
      throwIfAborted(signal);
      const { bytesRead } = await this.#handle
        .read(out, done, out.length - done, offset + done)
        .catch((error: unknown) => {
          throw ioError(error, `read ${this.path}`);
        });
      if (bytesRead === 0) throw inputChanged(this.path);
      done += bytesRead;
    }
  }

  /** What the system says of the open file now. @throws IO_ERROR */
  stat(): Promise<BigIntStats> {
    return statOf(this.path, this.#handle);
  }

  /** @throws INPUT_CHANGED when the file is no longer as it was when it was opened, IO_ERROR */
  async checkUnchanged(): Promise<void> {
    const { size, mtimeNs } = await this.stat();
    if (Number(size) !== this.size || mtimeNs !== this.#modified) throw inputChanged(this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

function statOf(path: string, handle: FileHandle): Promise<BigIntStats> {
  return handle.stat({ bigint: true }).catch((error: unknown) => {
    throw ioError(error, `read ${path}`);
  });
}

export function inputChanged(path: string): WeightsealError {
  return new WeightsealError(
    'INPUT_CHANGED',
    `${path} was changed while it was being read; try again when it is at rest.`,
  );
}

/** A buffer as a byte source. The buffer must not change while it is in use. */
export function bufferSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)),
  };
}

/**
 * Reads, refuses an answer of another length than was asked for, and gives what a source throws a code. A caller's source may not listen to the
 * signal: an abort ends the wait all the same. A file of ours is waited for, since it is closed afterwards.
 */
export async function readExactly(
  source: ByteSource,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (source instanceof FileSource) return source.read(offset, length, { signal });
  const given: unknown = await untilAborted(signal, () => source.read(offset, length, { signal })).catch(
    (cause: unknown) => {
      if (signal?.aborted) throw abortedError(signal);
      if (isWeightsealError(cause)) throw cause;
      throw new WeightsealError('IO_ERROR', 'The byte source failed; its error is the cause.', { cause });
    },
  );
  const bytes = ownBytes(given);
  if (bytes?.length === length) return bytes;
  const found = bytes ? `${bytes.length} bytes` : 'no bytes';
  throw new WeightsealError('INPUT_CHANGED', `The source gave ${found} where it has ${length}; try again.`);
}

/** Brings a range of a source into memory that the caller has, without a copy where the source can. */
export async function loadRange(
  source: ByteSource,
  offset: number,
  target: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (source instanceof FileSource) return source.readInto(target, offset, signal);
  target.set(await readExactly(source, offset, target.length, signal));
}
