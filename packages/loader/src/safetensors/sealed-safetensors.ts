import { type Context, checkKinds, throwIfAborted, WeightsealError } from '@weightseal/core';
import { arrayOf } from './dtype.js';
import type { TensorInfo } from './header.js';
import { quoted } from './invalid.js';
import { checkedRange, rowRange } from './range.js';
import type { BytesOptions, Tensor, TensorOptions } from './tensor.js';
import type { Tensors } from './tensors.js';

/**
 * Sealed tensors: of a safetensors file whose header has been read, or of a bundle whose index has been. They are read one by one, from only the segments that hold them; several may
 * be at once. The header of a shard is read when the first of its tensors is asked for, and once. Holds keys until it is disposed of; what was read before is the caller's.
 */
export class SealedSafetensors implements AsyncDisposable {
  /** The name of every tensor: in the order of their bytes in the file, in that of the index for a bundle. */
  readonly names: ReadonlySet<string>;
  /** The file's `__metadata__`, an object without a prototype. Of a bundle, its index's `metadata`: numbers as they are written, and nothing that is a list or an object. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Bytes of the safetensors file; of a bundle, of all shards together. */
  readonly size: number;
  readonly context: Context;
  readonly #tensors: Tensors;
  #disposed: Promise<void> | undefined;

  /** @internal */
  constructor(tensors: Tensors) {
    this.names = tensors.names;
    this.metadata = tensors.metadata;
    this.size = tensors.size;
    this.context = tensors.context;
    this.#tensors = tensors;
  }

  /**
   * Says what a tensor is: its dtype, its shape, where it lies.
   *
   * @throws TENSOR_NOT_FOUND; of a bundle also SAFETENSORS_INVALID, MEMBER_MISSING, MEMBER_TAMPERED, ABORTED, and INVALID_ARGUMENT after disposal
   */
  async info(name: string, options: { signal?: AbortSignal | undefined } = {}): Promise<TensorInfo> {
    const { signal } = checkKinds(options, 'info', {}, ['signal'], true);
    throwIfAborted(signal);
    return await this.#tensors.info(name, signal);
  }

  /** Says what all of them are, by name. Of a bundle it takes the headers of all shards, several at once. @throws like `info` */
  async tensors(
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<ReadonlyMap<string, TensorInfo>> {
    const { signal } = checkKinds(options, 'tensors', {}, ['signal'], true);
    throwIfAborted(signal);
    return await this.#tensors.all(signal);
  }

  /**
   * Reads a tensor, or some of its rows.
   *
   * @throws like `info`; INVALID_ARGUMENT for rows that it does not have, and after disposal; MEMORY_LIMIT; what a segment is refused with; ABORTED
   */
  async tensor(name: string, options: TensorOptions = {}): Promise<Tensor> {
    const { rows, signal } = checkKinds(options, 'tensor', { rows: 'list' }, ['signal'], true);
    const info = await this.#tensors.info(name, signal);
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
    const info = await this.#tensors.info(name, options.signal);
    const [from, to] = checkedRange(info, options);
    return await this.#read(info, from, to, options.signal);
  }

  async #read(
    info: TensorInfo,
    from: number,
    to: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return await this.#tensors.read(info, from, to - from, signal);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new WeightsealError(
        'MEMORY_LIMIT',
        `This process has no array of ${to - from} bytes for ${quoted(info.name)}; read it in parts, with \`rows\` or \`bytes\`.`,
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
    this.#disposed ??= this.#tensors.close();
    return this.#disposed;
  }
}
