import {
  type ByteSource,
  type Context,
  checkKinds,
  openReader,
  type ReadOptions,
  type SealedReader,
  type UnlockOptions,
  WeightsealError,
} from '@weightseal/core';
import { READING } from '../load.js';
import { arrayOf, type Dtype, type DtypeArrays } from './dtype.js';
import { headerEnd, PREFIX, parseHeader, type SafetensorsHeader, type TensorInfo } from './header.js';
import { quoted } from './invalid.js';
import { type ByteRange, checkedRange, rowRange } from './range.js';

export interface TensorOf<D extends Dtype> {
  readonly name: string;
  readonly dtype: D;
  /** Of what was read: with `rows`, the first dimension is theirs. */
  readonly shape: readonly number[];
  /** The elements, row-major. */
  readonly data: DtypeArrays[D];
  /** The same as they are in the file (little-endian). */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** `tensor.dtype === 'F32'` narrows `tensor.data` to a `Float32Array`. */
export type Tensor = { [D in Dtype]: TensorOf<D> }[Dtype];

export interface TensorOptions {
  /**
   * Only these rows along the first dimension, from the first (inclusive) to the second (exclusive). They lie together in the file: no more than their
   * segments are decrypted. A slice along another dimension has a part of every row, and would need them all.
   */
  readonly rows?: readonly [from: number, to: number] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface BytesOptions extends ByteRange {
  readonly signal?: AbortSignal | undefined;
}

/**
 * A sealed safetensors file whose header has been read. Tensors are read one by one, from only the segments that hold them; several may be
 * at once. Holds keys until it is disposed of; what was read before is the caller's.
 */
export class SealedSafetensors implements AsyncDisposable {
  /** Every tensor, by name, in the order of their bytes in the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The file's `__metadata__`, an object without a prototype. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Bytes of the safetensors file. */
  readonly size: number;
  readonly context: Context;
  readonly #reader: SealedReader;
  #disposed: Promise<void> | undefined;

  /** @internal */
  constructor(reader: SealedReader, { tensors, metadata }: SafetensorsHeader) {
    this.tensors = tensors;
    this.metadata = metadata;
    this.size = reader.size;
    this.context = reader.context;
    this.#reader = reader;
  }

  /**
   * Reads a tensor, or some of its rows.
   *
   * @throws TENSOR_NOT_FOUND; INVALID_ARGUMENT for rows that it does not have, and after disposal; MEMORY_LIMIT; what a segment is refused with; ABORTED
   */
  async tensor(name: string, options: TensorOptions = {}): Promise<Tensor> {
    const { rows, signal } = checkKinds(options, 'tensor', { rows: 'list' }, ['signal'], true);
    const info = this.#find(name);
    const [from, to] = rows ? rowRange(info, rows) : [0, info.byteLength];
    const bytes = await this.#read(info, from, to, signal);
    const { dtype } = info;
    const shape = rows ? [rows[1] - rows[0], ...info.shape.slice(1)] : info.shape;
    // The dtype and its array belong together; TypeScript sees two unions.
    return { name: info.name, dtype, shape, data: arrayOf(dtype, bytes), bytes } as Tensor;
  }

  /**
   * Reads a tensor's bytes as they are in the file, from `from` (inclusive) to `to` (exclusive), counted from its first; all without a range.
   *
   * @throws like `tensor`
   */
  async bytes(name: string, options: BytesOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkKinds(options, 'bytes', { from: 'any', to: 'any' }, ['signal'], true);
    const info = this.#find(name);
    const [from, to] = checkedRange(info, options);
    return await this.#read(info, from, to, options.signal);
  }

  #find(name: string): TensorInfo {
    const info = this.tensors.get(name);
    if (info) return info;
    throw new WeightsealError(
      'TENSOR_NOT_FOUND',
      `The file has no tensor ${quoted(String(name))}; \`tensors\` has the names of the ${this.tensors.size} that it has.`,
    );
  }

  async #read(
    { name, offset }: TensorInfo,
    from: number,
    to: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return await this.#reader.read(offset + from, to - from, { signal });
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new WeightsealError(
        'MEMORY_LIMIT',
        `This process has no array of ${to - from} bytes for ${quoted(name)}; read it in parts, with \`rows\` or \`bytes\`.`,
        { cause },
      );
    }
  }

  /** The same as its disposal. */
  close(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }

  /** Waits for what is under way, then zeroes the keys. Safe to call twice. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#reader[Symbol.asyncDispose]();
    return this.#disposed;
  }
}

/** Read at once: a common header, from the first segment, which is decrypted whole for any of it. */
const FIRST = 262_144;

/**
 * Opens a sealed safetensors file without opening all of it: its header now, then single tensors, or rows of them. One call to a key, none afterwards. Every
 * byte that it gives is authenticated. `await using model = await openSafetensors(…)`.
 *
 * @param source a path, a `file:` URL, or bytes with random access
 * @throws what `openReader` throws; SAFETENSORS_INVALID when what was sealed is no sound safetensors file
 */
export async function openSafetensors(
  source: string | URL | ByteSource,
  options: UnlockOptions & ReadOptions,
): Promise<SealedSafetensors> {
  checkKinds(options, 'openSafetensors', {}, READING, true);
  const reader = await openReader(source, options);
  try {
    return new SealedSafetensors(reader, await readHeader(reader, options.signal));
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

async function readHeader(reader: SealedReader, signal: AbortSignal | undefined): Promise<SafetensorsHeader> {
  const first = await reader.read(0, Math.min(FIRST, reader.size), { signal });
  const end = headerEnd(first, reader.size);
  if (end <= first.length) return parseHeader(first.subarray(PREFIX, end), reader.size);
  const header = new Uint8Array(end);
  header.set(first);
  header.set(await reader.read(first.length, end - first.length, { signal }), first.length);
  return parseHeader(header.subarray(PREFIX), reader.size);
}
