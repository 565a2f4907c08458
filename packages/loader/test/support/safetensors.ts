import type { Dtype } from '../../src/safetensors/dtype.js';

export interface Plain {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A safetensors file, header padded with blanks to a multiple of 8 as the reference implementation does. */
export function safetensors(
  tensors: readonly Plain[],
  metadata?: Record<string, string>,
): Buffer<ArrayBuffer> {
  let at = 0;
  const entries = tensors.map(({ name, dtype, shape, bytes }): [string, unknown] => {
    const entry = { dtype, shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
    return [name, entry];
  });
  // Made by hand, since an object would put names like `1` first and take __proto__ for something else.
  const all: [string, unknown][] = metadata ? [['__metadata__', metadata], ...entries] : entries;
  const json = `{${all.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(',')}}`;
  return withHeader(json, Buffer.concat(tensors.map(({ bytes }) => bytes)));
}

/** Whatever header, and what follows it. */
export function withHeader(json: string, data: Uint8Array = new Uint8Array()): Buffer<ArrayBuffer> {
  const text = Buffer.from(json);
  const header = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  text.copy(header, 8);
  return Buffer.concat([header, data]);
}
