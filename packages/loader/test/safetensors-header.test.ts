import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf } from '../src/safetensors/dtype.js';
import { headerEnd, parseHeader } from '../src/safetensors/header.js';
import { type Plain, safetensors, withHeader } from './support/safetensors.js';

const refused = expect.objectContaining({ code: 'SAFETENSORS_INVALID' });

function parse(file: Uint8Array<ArrayBuffer>): ReturnType<typeof parseHeader> {
  const end = headerEnd(file.subarray(0, 64), file.length);
  return parseHeader(file.subarray(8, end), file.length);
}

const tensor = (more: object = {}) => ({ dtype: 'F32', shape: [2], data_offsets: [0, 8], ...more });
const one = (more: object = {}) => withHeader(JSON.stringify({ a: tensor(more) }), new Uint8Array(8));

describe('a sound header', () => {
  test('says of each tensor what it is and where', () => {
    const file = safetensors(
      [
        { name: 'b', dtype: 'F32', shape: [2, 1], bytes: new Uint8Array(8) },
        { name: '1', dtype: 'BOOL', shape: [], bytes: new Uint8Array(1) },
        { name: '__proto__', dtype: 'I64', shape: [0, 7], bytes: new Uint8Array() },
      ],
      { format: 'pt' },
    );
    const { tensors, metadata } = parse(file);
    const start = file.length - 9;
    expect([...tensors.values()]).toEqual([
      { name: 'b', dtype: 'F32', shape: [2, 1], offset: start, byteLength: 8 },
      { name: '1', dtype: 'BOOL', shape: [], offset: start + 8, byteLength: 1 },
      { name: '__proto__', dtype: 'I64', shape: [0, 7], offset: start + 9, byteLength: 0 },
    ]);
    expect(metadata).toEqual({ format: 'pt' });
  });

  test('may have no tensors, and types that are smaller than a byte', () => {
    expect(parse(withHeader('{}')).tensors.size).toBe(0);
    expect(parse(one({ dtype: 'F4', shape: [4, 4] })).tensors.get('a')).toMatchObject({ byteLength: 8 });
    expect(bytesOf('F6_E2M3', [4])).toBe(3);
  });
});

describe('refused', () => {
  const numbers = (length: bigint) => {
    const first = Buffer.alloc(8);
    first.writeBigUInt64LE(length);
    return first;
  };
  const cases: Record<string, Uint8Array<ArrayBuffer>> = {
    'a file of 7 bytes': new Uint8Array(7),
    'a header longer than the file': numbers(9n),
    'a header longer than 100 MB': numbers(100_000_001n),
    'a length of 64 bits': numbers(2n ** 64n - 1n),
    'an empty header': numbers(0n),
    'a header that is an array': withHeader('[]'),
    'a blank before it': withHeader(' {}'),
    'no JSON': withHeader('{'),
    'no UTF-8': Buffer.concat([numbers(4n), Buffer.from([0x7b, 0xff, 0x22, 0x7d])]),
    'a name twice': withHeader(
      `{"a":${JSON.stringify(tensor())},"\\u0061":${JSON.stringify(tensor())}}`,
      new Uint8Array(8),
    ),
    'a field twice': withHeader(
      '{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
      new Uint8Array(8),
    ),
    'a tensor that is null': withHeader('{"a":null}'),
    'an unknown dtype': one({ dtype: 'F33' }),
    'a dtype of an object’s prototype': one({ dtype: 'toString' }),
    'a negative size': one({ shape: [-2] }),
    'half a size': one({ shape: [0.5, 4] }),
    'a shape that is no array': one({ shape: 2 }),
    'a shape that overflows': one({ shape: [2 ** 40, 2 ** 40] }),
    'another shape than bytes': one({ shape: [3] }),
    'a part of a byte': one({ dtype: 'F4', shape: [17] }),
    'one offset': one({ data_offsets: [8] }),
    'offsets the wrong way round': one({ data_offsets: [8, 0] }),
    'a gap before it': one({ data_offsets: [1, 9] }),
    'bytes behind it': withHeader(JSON.stringify({ a: tensor() }), new Uint8Array(9)),
    'two that overlap': withHeader(
      JSON.stringify({ a: tensor(), b: tensor({ data_offsets: [4, 12] }) }),
      new Uint8Array(12),
    ),
    'metadata that is no text': withHeader('{"__metadata__":{"a":1}}'),
    'metadata that is an array': withHeader('{"__metadata__":[]}'),
  };
  test.each(Object.entries(cases))('%s', (_, file) => {
    expect(() => parse(file)).toThrow(refused);
  });
});

const file = safetensors(
  [
    { name: 'weight', dtype: 'F16', shape: [3, 2], bytes: new Uint8Array(12) },
    { name: 'bias', dtype: 'F32', shape: [2], bytes: new Uint8Array(8) },
  ] satisfies Plain[],
  { format: 'pt' },
);

test('whatever is changed in a header, it is refused or still describes the file', () => {
  const byte = fc.record({ at: fc.nat(file.length - 21), to: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(byte, { minLength: 1, maxLength: 4 }), (changes) => {
      const changed = Buffer.from(file);
      for (const { at, to } of changes) changed[at] = to;
      try {
        const all = [...parse(changed).tensors.values()];
        expect(all.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThanOrEqual(
          20 + file.length,
        );
        for (const { offset, byteLength } of all)
          expect(offset + byteLength).toBeLessThanOrEqual(changed.length);
      } catch (error) {
        expect(error).toEqual(refused);
      }
    }),
    { numRuns: 3_000 },
  );
});
