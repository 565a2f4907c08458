import type { BigIntStats } from 'node:fs';
import { constants, type FileHandle, open } from 'node:fs/promises';
import { checkPath, invalidArgument, placeOf } from '../common/arguments.js';
import { copyBytes } from '../common/copy-bytes.js';
import { nameOf } from '../common/kinds.js';
import { abortedError, ioError, isWeightsealError, throwIfAborted, WeightsealError } from '../errors.js';
import { ownBytes } from '../format/bytes.js';
import { untilAborted } from '../keys/until-aborted.js';
import { directoryGiven } from './directory-given.js';
import type { ReadOptions } from './reads.js';

/**
 * Bytes that can be read anywhere: a file, an object in a store, a buffer. `concurrency` and `requestBytes` say how it likes to be read, where the
 * operation does not.
 */
export interface ByteSource extends ReadOptions {
  /** Length in bytes. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes at `offset`; the engine asks for nothing beyond `size`, and owns what it gets. May be called
   * several times at once.
   */
  read(offset: number, length: number, options?: { signal?: AbortSignal | undefined }): Promise<Uint8Array>;
  /**
   * Instead of `read`, where it is there: fills all of `out` with the bytes from `offset` on, without memory of its own. `out` may be shared memory. It leaves it alone once it has resolved or
   * thrown, and once the signal has fired.
   */
  readInto?(out: Uint8Array, offset: number, signal?: AbortSignal): Promise<void>;
}

/** What a file of unknown size is asked for, to see whether it has anything: procfs and sysfs give no more than a page at once. */
const FIRST_BYTES = 65_536;

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

  /** @throws INPUT_NOT_FOUND, IO_ERROR, INVALID_ARGUMENT for what is no regular file, or has another size than it tells */
  static async open(path: string | URL, flags: number = constants.O_RDONLY): Promise<FileSource> {
    const file = await FileSource.openAny(path, flags);
    try {
      if (!(await file.firstBytes())) return file;
      throw needsSize(file.path);
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Likewise, and takes also a file that says it has 0 bytes and gives more: look at `firstBytes`. */
  static async openAny(
    at: string | URL,
    flags: number = constants.O_RDONLY,
    forDirectories?: string,
  ): Promise<FileSource> {
    const path = checkPath(at, 'The path of the file');
    // Non-blocking, or opening a pipe would wait for its other end; a regular file does not know the difference.
    const handle = await open(path, flags | (constants.O_NONBLOCK ?? 0)).catch((error: unknown) => {
      throw urlAsText(path) ?? ioError(error, `open ${path}`);
    });
    try {
      return await FileSource.of(path, handle, forDirectories);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** A source over a file that is open already; `path` is what messages call it. @throws INVALID_ARGUMENT, IO_ERROR */
  static async of(path: string, handle: FileHandle, forDirectories?: string): Promise<FileSource> {
    const stats = await statOf(path, handle);
    if (stats.isFile()) return new FileSource(path, handle, Number(stats.size), stats.mtimeNs);
    if (stats.isDirectory()) throw directoryGiven(path, forDirectories);
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${path} is not a regular file; give a file, or what comes from it as a stream.`,
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
      if (bytesRead === 0) throw this.#endsEarly(offset + done);
      done += bytesRead;
    }
  }

  /** As much as there is at `offset`, up to `length`. @throws IO_ERROR */
  async readSome(offset: number, length: number): Promise<Uint8Array> {
    const out = new Uint8Array(length);
    const { bytesRead } = await this.#handle.read(out, 0, length, offset).catch((error: unknown) => {
      throw ioError(error, `read ${this.path}`);
    });
    return out.subarray(0, bytesRead);
  }

  /** What a file gives that says it has 0 bytes: procfs, sysfs and mounts that do not know. Undefined where the size is true. @throws IO_ERROR */
  async firstBytes(): Promise<Uint8Array | undefined> {
    if (this.size > 0) return undefined;
    const bytes = await this.readSome(0, FIRST_BYTES);
    return bytes.length > 0 ? bytes : undefined;
  }

  #endsEarly(at: number): WeightsealError {
    return new WeightsealError(
      'INPUT_CHANGED',
      `${this.path} says that it has ${this.size} bytes, and ends after ${at}. If it became shorter meanwhile, try again when it is at rest; ` +
        'if its file system tells wrong sizes (sysfs, some mounts), copy it, or pipe it in as a stream.',
    );
  }

  /** What the system says of the open file now. @throws IO_ERROR */
  stat(): Promise<BigIntStats> {
    return statOf(this.path, this.#handle);
  }

  /** @throws INPUT_CHANGED when the file has another size than when it was opened, IO_ERROR */
  async checkSize(): Promise<void> {
    if (Number((await this.stat()).size) !== this.size) throw inputChanged(this.path);
  }

  /** Whether the system says that the file was written to since it was opened. Some mounts say so of every file. @throws IO_ERROR */
  async touched(): Promise<boolean> {
    return (await this.stat()).mtimeNs !== this.#modified;
  }

  /** The same as its disposal. */
  close(): Promise<void> {
    return this.#handle.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function statOf(path: string, handle: FileHandle): Promise<BigIntStats> {
  return handle.stat({ bigint: true }).catch((error: unknown) => {
    throw ioError(error, `read ${path}`);
  });
}

/** A URL that was given as a text, where there is no file of that name. It may hold a password or a signature: no message repeats it. */
function urlAsText(path: string): WeightsealError | undefined {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(path)?.[1]?.toLowerCase();
  if (scheme === undefined) return undefined;
  return invalidArgument(
    scheme === 'file'
      ? 'A file: URL that is given as a text is taken for a path, and there is no such file; give the path, or in a program `new URL(…)`.'
      : `A URL of ${scheme}: is no path, and nothing is fetched here. ${placeOf(`${scheme}:`) ?? 'Download it, or pipe it to - (curl … | weightseal open - -o FILE); a program gives a stream, or a byte source that asks for ranges.'}`,
  );
}

export function inputChanged(path: string): WeightsealError {
  return new WeightsealError(
    'INPUT_CHANGED',
    `${path} was changed while it was being read; try again when it is at rest.`,
  );
}

/** For what needs random access. */
export function needsSize(path: string): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    `${path} says that it has 0 bytes and gives more, so it cannot be read anywhere but from its beginning to its end. Copy it to a regular file (cat FILE > COPY), and use that.`,
  );
}

/** A buffer as a byte source. The buffer must not change while it is in use. @throws INVALID_ARGUMENT */
export function bufferSource(given: Uint8Array): ByteSource {
  const bytes = ownBytes(given);
  if (!bytes) throw invalidArgument(`bufferSource takes a Uint8Array or a Buffer, and got ${nameOf(given)}.`);
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
  const given: unknown = await asked(signal, () => source.read(offset, length, { signal }));
  // An ArrayBuffer is what the body of a response gives.
  const bytes =
    Object.prototype.toString.call(given) === '[object ArrayBuffer]'
      ? new Uint8Array(given as ArrayBuffer)
      : ownBytes(given);
  if (bytes?.length === length) return bytes;
  const found = bytes ? `${bytes.length} bytes` : 'no bytes';
  throw new WeightsealError(
    'INPUT_CHANGED',
    `The source gave ${found} where ${length} were asked for: it has changed, or does not heed ranges, as some servers do. Check that, and try again.`,
  );
}

async function asked<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
  return await untilAborted(signal, call).catch((cause: unknown) => {
    if (signal?.aborted) throw abortedError(signal);
    if (isWeightsealError(cause)) throw cause;
    throw new WeightsealError('IO_ERROR', 'The byte source failed; its error is the cause.', { cause });
  });
}

/** Brings a range of a source into memory that the caller has, without a copy where the source can. */
export async function loadRange(
  source: ByteSource,
  offset: number,
  target: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (source instanceof FileSource) return source.readInto(target, offset, signal);
  if (typeof source.readInto === 'function')
    return await asked(signal, () => source.readInto!(target, offset, signal));
  copyBytes(target, await readExactly(source, offset, target.length, signal));
}
