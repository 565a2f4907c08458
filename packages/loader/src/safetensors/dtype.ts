import { endianness } from 'node:os';

/** `Float16Array` where the program's types know it; a program that names an older library of types sees the bits' array alone. */
type Float16View =
  | Uint16Array<ArrayBuffer>
  | (typeof globalThis extends { Float16Array: new (...args: never[]) => infer View } ? View : never);

/** Every dtype of the format, and the array that its elements are given as. */
export interface DtypeArrays {
  BOOL: Uint8Array<ArrayBuffer>;
  U8: Uint8Array<ArrayBuffer>;
  I8: Int8Array<ArrayBuffer>;
  U16: Uint16Array<ArrayBuffer>;
  I16: Int16Array<ArrayBuffer>;
  U32: Uint32Array<ArrayBuffer>;
  I32: Int32Array<ArrayBuffer>;
  U64: BigUint64Array<ArrayBuffer>;
  I64: BigInt64Array<ArrayBuffer>;
  /** A `Float16Array` where the runtime has one (Node 24), else the bits. */
  F16: Float16View;
  /** The bits: the upper half of a 32-bit float. */
  BF16: Uint16Array<ArrayBuffer>;
  F32: Float32Array<ArrayBuffer>;
  F64: Float64Array<ArrayBuffer>;
  /** Bytes: 32 bits of real part, then 32 of imaginary part. */
  C64: Uint8Array<ArrayBuffer>;
  F8_E4M3: Uint8Array<ArrayBuffer>;
  F8_E5M2: Uint8Array<ArrayBuffer>;
  F8_E8M0: Uint8Array<ArrayBuffer>;
  F8_E4M3FNUZ: Uint8Array<ArrayBuffer>;
  F8_E5M2FNUZ: Uint8Array<ArrayBuffer>;
  /** Bytes: elements of six bits, packed as they are in the file. */
  F6_E2M3: Uint8Array<ArrayBuffer>;
  F6_E3M2: Uint8Array<ArrayBuffer>;
  /** Bytes: elements of four bits, packed as they are in the file. */
  F4: Uint8Array<ArrayBuffer>;
}

export type Dtype = keyof DtypeArrays;

const BITS: Readonly<Record<Dtype, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  U16: 16,
  I16: 16,
  U32: 32,
  I32: 32,
  U64: 64,
  I64: 64,
  F16: 16,
  BF16: 16,
  F32: 32,
  F64: 64,
  C64: 64,
  F8_E4M3: 8,
  F8_E5M2: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F4: 4,
};

export function isDtype(text: string): text is Dtype {
  return Object.hasOwn(BITS, text);
}

/** Bytes of a tensor; undefined when they are no whole number, or more than a file can have. */
export function bytesOf(dtype: Dtype, shape: readonly number[]): number | undefined {
  let elements = 1;
  for (const dimension of shape) {
    elements *= dimension;
    if (elements > Number.MAX_SAFE_INTEGER) return undefined;
  }
  const bits = BITS[dtype];
  const bytes = bits % 8 === 0 ? elements * (bits / 8) : (elements * bits) / 8;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

type NumberArray = new (buffer: ArrayBuffer, offset: number, length: number) => ArrayBufferView<ArrayBuffer>;

const float16 = (globalThis as { Float16Array?: NumberArray }).Float16Array;

/** The dtypes whose elements JavaScript has an array for; the others are bytes. */
const ARRAYS: Partial<Record<Dtype, NumberArray>> = {
  I8: Int8Array,
  U16: Uint16Array,
  I16: Int16Array,
  U32: Uint32Array,
  I32: Int32Array,
  U64: BigUint64Array,
  I64: BigInt64Array,
  F16: float16 ?? Uint16Array,
  BF16: Uint16Array,
  F32: Float32Array,
  F64: Float64Array,
};

/** The elements, over the same memory where the machine has the file's byte order (little-endian). */
export function arrayOf<D extends Dtype>(
  dtype: D,
  bytes: Uint8Array<ArrayBuffer>,
  order: 'LE' | 'BE' = endianness(),
): DtypeArrays[D] {
  const Elements = ARRAYS[dtype];
  // An array of bytes is every dtype's that has no other; TypeScript cannot follow the two tables.
  if (!Elements) return bytes as DtypeArrays[D];
  const width = BITS[dtype] / 8;
  const own = order === 'BE' ? swapped(bytes, width) : bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  return new Elements(own.buffer, own.byteOffset, own.length / width) as DtypeArrays[D];
}

function swapped(bytes: Uint8Array<ArrayBuffer>, width: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes);
  const buffer = Buffer.from(out.buffer);
  if (width === 2) buffer.swap16();
  if (width === 4) buffer.swap32();
  if (width === 8) buffer.swap64();
  return out;
}
