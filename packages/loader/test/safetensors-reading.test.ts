import { randomBytes } from 'node:crypto';
import { type ByteSource, bufferSource, inspect, type SealedReader, sealToStream } from '@weightseal/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, type Dtype } from '../src/safetensors/dtype.js';
import { headerEnd, parseHeader } from '../src/safetensors/header.js';
import { openSafetensors } from '../src/safetensors/open.js';
import { SealedSafetensors } from '../src/safetensors/sealed-safetensors.js';
import { tensorsOfFile } from '../src/safetensors/tensors.js';
import { MemoryKey } from './support/memory-key.js';
import { type Plain, safetensors } from './support/safetensors.js';
import { sealedModel } from './support/sealed-model.js';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** As safetensors 0.8.0 for Python writes it. */
const FROM_PYTHON = Buffer.from(
  [
    'cAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJucCJ9LCJpIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlsyLDFd',
    'LCJkYXRhX29mZnNldHMiOlswLDE2XX0sInciOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzMsMl0sImRhdGFfb2Zmc2V0cyI6',
    'WzE2LDQwXX0sImgiOnsiZHR5cGUiOiJGMTYiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOls0MCw0NF19LCLDqSI6eyJk',
    'dHlwZSI6IlUxNiIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzQ0LDQ4XX0sImUiOnsiZHR5cGUiOiJVOCIsInNoYXBl',
    'IjpbMCwzXSwiZGF0YV9vZmZzZXRzIjpbNDgsNDhdfSwicyI6eyJkdHlwZSI6IkJPT0wiLCJzaGFwZSI6W10sImRhdGFfb2Zm',
    'c2V0cyI6WzQ4LDQ5XX19IP//////////AAAAAAABAAAAAAAAAACAPgAAAD8AAEA/AACAPwAAoD8APgDAAQD//wE=',
  ].join(''),
  'base64',
);

async function sealed(plain: Uint8Array, key: MemoryKey, segmentLength?: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of sealToStream(bufferSource(plain), { keys: [key], segmentLength }))
    chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A source that says which bytes were asked for. */
function watched(bytes: Uint8Array): ByteSource & { ranges: [from: number, to: number][] } {
  const source = bufferSource(bytes);
  const ranges: [number, number][] = [];
  return {
    size: bytes.length,
    ranges,
    read: (offset, length) => {
      ranges.push([offset, offset + length]);
      return source.read(offset, length);
    },
  };
}

test('a file from Python, sealed with a local key, by its path', async () => {
  await using model = await sealedModel(0, { name: 'model.safetensors', plaintext: FROM_PYTHON });
  await using file = await openSafetensors(model.path, { keys: model.keys });
  expect([...file.names]).toEqual(['i', 'w', 'h', 'é', 'e', 's']);
  expect({ ...file.metadata }).toEqual({ format: 'np' });
  expect((await file.tensor('w', { rows: [1, 3] })).data).toEqual(Float32Array.of(0.5, 0.75, 1, 1.25));
  expect((await file.tensor('i')).data).toEqual(BigInt64Array.of(-1n, 2n ** 40n));
  expect((await file.tensor('é')).data).toEqual(Uint16Array.of(1, 65535));
  expect(await file.tensor('e')).toMatchObject({ shape: [0, 3], data: new Uint8Array() });
  expect(await file.tensor('s')).toMatchObject({ shape: [], data: Uint8Array.of(1) });
  const { data } = await file.tensor('h');
  expect([...data]).toEqual('Float16Array' in globalThis ? [1.5, -2] : [0x3e00, 0xc000]);
});

describe('of a file with segments of 64 KiB', () => {
  const SEGMENT = 65_536 + 32;
  const plain = safetensors(
    Array.from(
      { length: 40 },
      (_, i): Plain => ({ name: `t${i}`, dtype: 'F32', shape: [160, 256], bytes: randomBytes(163_840) }),
    ),
  );

  test('opening reads the start and the end, and a tensor its own segments; the key is asked once', async () => {
    const key = new MemoryKey();
    const source = watched(await sealed(plain, key, SEGMENT));
    const { size: plainSize } = await inspect(source);
    source.ranges.length = 0;
    const before = key.unwraps;
    await using file = await openSafetensors(source, { keys: [key] });
    expect([file.size, plainSize]).toEqual([plain.length, plain.length]);
    const read = source.ranges.reduce((sum, [from, to]) => sum + to - from, 0);
    expect(read).toBeLessThan(7 * SEGMENT);
    source.ranges.length = 0;
    const { offset, byteLength } = await file.info('t20');
    await Promise.all([file.tensor('t20', { rows: [0, 80] }), file.bytes('t20', { from: 81_920 })]);
    const body = source.size - plain.length - Math.ceil(plain.length / 65_536) * 32;
    const first = Math.floor(offset / 65_536);
    const last = Math.ceil((offset + byteLength) / 65_536);
    for (const [from, to] of source.ranges) {
      expect(from).toBeGreaterThanOrEqual(body + first * SEGMENT);
      expect(to).toBeLessThanOrEqual(body + last * SEGMENT);
    }
    expect(key.unwraps - before).toBe(1);
  });

  test('what was changed in one tensor spoils that one alone', async () => {
    const key = new MemoryKey();
    const bytes = await sealed(plain, key, SEGMENT);
    bytes[bytes.length - 3_000_000]! ^= 1;
    await using file = await openSafetensors(bufferSource(bytes), { keys: [key] });
    const all = [...(await file.tensors()).values()];
    const outcomes = await Promise.allSettled(all.map(({ name }) => file.tensor(name)));
    const failed = outcomes.filter(({ status }) => status === 'rejected');
    expect(failed.length).toBeGreaterThanOrEqual(1);
    expect(failed.length).toBeLessThanOrEqual(2);
    for (const one of failed) expect(one).toMatchObject({ reason: { code: 'SEGMENT_TAMPERED' } });
    outcomes.forEach((outcome, i) => {
      if (outcome.status === 'rejected') return;
      const { offset, byteLength } = all[i]!;
      expect(Buffer.compare(outcome.value.bytes, plain.subarray(offset, offset + byteLength))).toBe(0);
    });
  });

  test('disposing ends what is under way, twice is once, and what was read stays', async () => {
    const key = new MemoryKey();
    const file = await openSafetensors(bufferSource(await sealed(plain, key, SEGMENT)), { keys: [key] });
    const { bytes } = await file.tensor('t7');
    const ended = expect(file.tensor('t7')).rejects.toEqual(code('INVALID_ARGUMENT'));
    await Promise.all([file[Symbol.asyncDispose](), file[Symbol.asyncDispose]()]);
    await ended;
    const { offset, byteLength } = await file.info('t7');
    expect(Buffer.compare(bytes, plain.subarray(offset, offset + byteLength))).toBe(0);
    await expect(file.bytes('t7', { to: 0 })).rejects.toEqual(code('INVALID_ARGUMENT'));
  });
});

describe('asking for what is not there', () => {
  const key = new MemoryKey();
  const open = async () =>
    await openSafetensors(
      bufferSource(
        await sealed(
          safetensors([
            {
              name: 'four',
              dtype: 'F4',
              shape: [4, 3, 2],
              bytes: Uint8Array.from({ length: 12 }, (_, i) => i),
            },
            { name: 'odd', dtype: 'F4', shape: [4, 3], bytes: Uint8Array.of(1, 2, 3, 4, 5, 6) },
            { name: 'none', dtype: 'F32', shape: [0, 2], bytes: new Uint8Array() },
            { name: 'scalar', dtype: 'F32', shape: [], bytes: new Uint8Array(4) },
          ]),
          key,
        ),
      ),
      { keys: [key] },
    );

  test('rows of elements smaller than a byte come where they begin and end with a byte', async () => {
    await using file = await open();
    expect((await file.tensor('four', { rows: [1, 2] })).bytes).toEqual(Uint8Array.of(3, 4, 5));
    expect((await file.tensor('odd', { rows: [2, 4] })).bytes).toEqual(Uint8Array.of(4, 5, 6));
    await expect(file.tensor('odd', { rows: [1, 2] })).rejects.toEqual(code('INVALID_ARGUMENT'));
    expect(await file.tensor('none', { rows: [0, 0] })).toMatchObject({
      shape: [0, 2],
      data: new Float32Array(),
    });
  });

  test.each<[string, (file: SealedSafetensors) => Promise<unknown>, string, RegExp]>([
    [
      'a name',
      (file) => file.tensor('fo\nur'),
      'TENSOR_NOT_FOUND',
      /"fo\\nur"; `names` has the names of the 4/,
    ],
    ['a name of all objects', (file) => file.bytes('__proto__'), 'TENSOR_NOT_FOUND', /"__proto__"/],
    ['no name', (file) => file.tensor(undefined as never), 'TENSOR_NOT_FOUND', /"undefined"/],
    ['rows of a scalar', (file) => file.tensor('scalar', { rows: [0, 1] }), 'INVALID_ARGUMENT', /scalar/],
    ['a row too many', (file) => file.tensor('none', { rows: [0, 1] }), 'INVALID_ARGUMENT', /it has 0/],
    [
      'rows that are NaN',
      (file) => file.tensor('four', { rows: [NaN, 1] }),
      'INVALID_ARGUMENT',
      /rows NaN to 1/,
    ],
    [
      'one row number',
      (file) => file.tensor('four', { rows: [1] as never }),
      'INVALID_ARGUMENT',
      /undefined/,
    ],
    ['bytes before it', (file) => file.bytes('four', { from: -1 }), 'INVALID_ARGUMENT', /it has 12/],
    ['bytes behind it', (file) => file.bytes('four', { to: 13 }), 'INVALID_ARGUMENT', /it has 12/],
    [
      'bytes the wrong way round',
      (file) => file.bytes('four', { from: 2, to: 1 }),
      'INVALID_ARGUMENT',
      /2 to 1/,
    ],
    ['half a byte', (file) => file.bytes('four', { from: 0.5 }), 'INVALID_ARGUMENT', /0\.5/],
  ])('%s', async (_, ask, expected, message) => {
    await using file = await open();
    await expect(ask(file)).rejects.toMatchObject({
      code: expected,
      message: expect.stringMatching(message),
    });
  });

  test('a tensor that no array can hold is told so', async () => {
    const reader = {
      size: 0,
      context: {},
      read: () => Promise.reject(new RangeError('Array buffer allocation failed')),
    };
    const plain = safetensors([{ name: 'huge', dtype: 'U8', shape: [1], bytes: Uint8Array.of(1) }]);
    const header = parseHeader(plain.subarray(8, headerEnd(plain, plain.length)), plain.length);
    const file = new SealedSafetensors(tensorsOfFile(reader as unknown as SealedReader, header));
    await expect(file.tensor('huge')).rejects.toEqual(code('MEMORY_LIMIT'));
  });
});

test('any rows and any bytes of any tensors, of every dtype, in segments of any length, are those of the plain file', async () => {
  const dtypes = [
    'F4',
    'F6_E2M3',
    'BOOL',
    'F8_E4M3',
    'I8',
    'BF16',
    'F16',
    'U32',
    'F32',
    'C64',
    'U64',
  ] as const;
  const tensor = fc
    .tuple(fc.constantFrom<Dtype>(...dtypes), fc.array(fc.nat(9), { maxLength: 4 }))
    .filter(([dtype, shape]) => bytesOf(dtype, shape) !== undefined);
  const part = fc.tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  );
  const partOf = (count: number, [a, b]: [number, number]): [number, number] => [
    Math.floor(Math.min(a, b) * count),
    Math.ceil(Math.max(a, b) * count),
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.array(tensor, { maxLength: 6 }),
      fc.integer({ min: 64, max: 3000 }),
      part,
      fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), { maxKeys: 3 }),
      async (some, segmentLength, fraction, metadata) => {
        const key = new MemoryKey();
        const plain = some.map(
          ([dtype, shape], i): Plain => ({
            name: `t${i}`,
            dtype,
            shape,
            bytes: randomBytes(bytesOf(dtype, shape)!),
          }),
        );
        const whole = safetensors(plain, metadata);
        await using file = await openSafetensors(bufferSource(await sealed(whole, key, segmentLength)), {
          keys: [key],
        });
        expect({ ...file.metadata }).toEqual(metadata);
        for (const { name, dtype, shape, bytes } of plain) {
          const info = await file.info(name);
          expect(Buffer.compare(whole.subarray(info.offset, info.offset + info.byteLength), bytes)).toBe(0);
          const all = await file.tensor(name);
          expect([all.dtype, all.shape, all.data.byteLength]).toEqual([dtype, shape, bytes.length]);
          expect(Buffer.compare(all.bytes, bytes)).toBe(0);
          const [from, to] = partOf(bytes.length, fraction);
          expect(Buffer.compare(await file.bytes(name, { from, to }), bytes.subarray(from, to))).toBe(0);
          const [count = 0] = shape;
          const rows = partOf(count, fraction);
          const ends = rows.map((row) => (count === 0 ? 0 : (row * bytes.length) / count));
          if (shape.length === 0 || !ends.every(Number.isInteger)) continue;
          const sliced = await file.tensor(name, { rows });
          expect(sliced.shape).toEqual([rows[1] - rows[0], ...shape.slice(1)]);
          expect(Buffer.compare(sliced.bytes, bytes.subarray(...ends))).toBe(0);
        }
      },
    ),
    { numRuns: 60 },
  );
});
