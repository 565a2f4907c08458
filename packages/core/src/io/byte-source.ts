import { type FileHandle, open } from 'node:fs/promises';
import { ioError, throwIfAborted, WeightsealError } from '../errors.js';

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
  static async open(path: string): Promise<FileSource> {
    const handle = await open(path, 'r').catch((error: unknown) => {
      throw ioError(error, `open ${path}`);
    });
    try {
      return await FileSource.of(path, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** A source over a file that is open already; `path` is what messages call it. @throws INVALID_ARGUMENT */
  static async of(path: string, handle: FileHandle): Promise<FileSource> {
    const stats = await handle.stat({ bigint: true });
    if (stats.isFile()) return new FileSource(path, handle, Number(stats.size), stats.mtimeNs);
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${path} is not a regular file; give a file, or - for a stream.`,
    );
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

  /** @throws INPUT_CHANGED when the file is no longer the one that was opened */
  async checkUnchanged(): Promise<void> {
    const { size, mtimeNs } = await this.#handle.stat({ bigint: true });
    if (Number(size) !== this.size || mtimeNs !== this.#modified) throw inputChanged(this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
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

/** Reads, and refuses a source that answers with another length than it was asked for. */
export async function readExactly(
  source: ByteSource,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  throwIfAborted(signal);
  const bytes = await source.read(offset, length, { signal });
  if (bytes.length === length) return bytes;
  throw new WeightsealError(
    'INPUT_CHANGED',
    `The source gave ${bytes.length} bytes where it has ${length}; try again.`,
  );
}

/** Brings a range of a source into a slot, without a copy where the source can. */
export async function loadRange(
  source: ByteSource,
  offset: number,
  target: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (source instanceof FileSource) return source.readInto(target, offset, signal);
  target.set(await readExactly(source, offset, target.length, signal));
}
