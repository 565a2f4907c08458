import { describe, expect, expectTypeOf, test } from 'vitest';
import { arrayOf, bytesOf, type Dtype } from '../src/safetensors/dtype.js';
import type { Tensor } from '../src/safetensors/tensor.js';

const hasFloat16 = 'Float16Array' in globalThis;
/** Bytes 1 to 16, as each type sees them. */
const EXPECTED: Record<Dtype, [bits: number, array: string, first: number | bigint]> = {
  BOOL: [8, 'Uint8Array', 1],
  U8: [8, 'Uint8Array', 1],
  I8: [8, 'Int8Array', 1],
  U16: [16, 'Uint16Array', 0x0201],
  I16: [16, 'Int16Array', 0x0201],
  U32: [32, 'Uint32Array', 0x04030201],
  I32: [32, 'Int32Array', 0x04030201],
  U64: [64, 'BigUint64Array', 0x0807060504030201n],
  I64: [64, 'BigInt64Array', 0x0807060504030201n],
  F16: hasFloat16 ? [16, 'Float16Array', 513 * 2 ** -24] : [16, 'Uint16Array', 0x0201],
  BF16: [16, 'Uint16Array', 0x0201],
  F32: [32, 'Float32Array', new Float32Array(Uint8Array.of(1, 2, 3, 4).buffer)[0]!],
  F64: [64, 'Float64Array', new Float64Array(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer)[0]!],
  C64: [64, 'Uint8Array', 1],
  F8_E4M3: [8, 'Uint8Array', 1],
  F8_E5M2: [8, 'Uint8Array', 1],
  F8_E8M0: [8, 'Uint8Array', 1],
  F8_E4M3FNUZ: [8, 'Uint8Array', 1],
  F8_E5M2FNUZ: [8, 'Uint8Array', 1],
  F6_E2M3: [6, 'Uint8Array', 1],
  F6_E3M2: [6, 'Uint8Array', 1],
  F4: [4, 'Uint8Array', 1],
};
const bytes = Uint8Array.from({ length: 16 }, (_, i) => i + 1);

describe.each(Object.entries(EXPECTED) as [Dtype, [number, string, number | bigint]][])(
  '%s',
  (dtype, [bits, array, first]) => {
    test(`has ${bits} bits, and comes as ${array} over the same memory`, () => {
      expect(bytesOf(dtype, [8])).toBe(bits);
      const data = arrayOf(dtype, bytes);
      expect([data.constructor.name, data[0], data.byteLength]).toEqual([array, first, 16]);
      expect(data.buffer).toBe(bytes.buffer);
    });

    test('on a machine of the other byte order too, over a copy', () => {
      const swapped = arrayOf(dtype, bytes, 'BE');
      const width = array === 'Uint8Array' ? 1 : bits / 8;
      const turned = new Uint8Array(swapped.buffer, swapped.byteOffset, swapped.byteLength);
      expect([...turned.subarray(0, width)]).toEqual([...bytes.subarray(0, width)].reverse());
      expect(bytes[0]).toBe(1);
    });
  },
);

test('bytes that do not begin where the elements could are copied', () => {
  const odd = bytes.subarray(1, 9);
  expect(arrayOf('U64', odd)).toEqual(BigUint64Array.of(0x0908070605040302n));
});

test('what comes to no whole number of bytes, or to more than a file has, has no length', () => {
  expect(bytesOf('F4', [3])).toBeUndefined();
  expect(bytesOf('F6_E2M3', [4])).toBe(3);
  expect(bytesOf('U8', [2 ** 30, 2 ** 30])).toBeUndefined();
  expect(bytesOf('U8', [2 ** 30, 2 ** 30, 0])).toBeUndefined();
  expect(bytesOf('U8', [0, 2 ** 30, 2 ** 30])).toBe(0);
  expect(bytesOf('F64', [2 ** 52])).toBeUndefined();
  expect(bytesOf('F64', [])).toBe(8);
});

test('the dtype tells TypeScript the array', () => {
  const check = (tensor: Tensor) => {
    if (tensor.dtype === 'F32') expectTypeOf(tensor.data).toEqualTypeOf<Float32Array<ArrayBuffer>>();
    if (tensor.dtype === 'I64') expectTypeOf(tensor.data).toEqualTypeOf<BigInt64Array<ArrayBuffer>>();
    if (tensor.dtype === 'BF16') expectTypeOf(tensor.data).toEqualTypeOf<Uint16Array<ArrayBuffer>>();
  };
  expect(check).toBeTypeOf('function');
});
