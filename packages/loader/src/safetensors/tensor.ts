import type { Dtype, DtypeArrays } from './dtype.js';
import type { ByteRange } from './range.js';

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
