import { randomBytes } from 'node:crypto';
import { type ByteSource, bufferSource, sealToStream } from '@weightseal/core';
import { openSafetensors } from '@weightseal/loader';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { type Plain, safetensors } from './support/safetensors.js';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const SEGMENT = 4096 + 32;

async function sealed(plain: Uint8Array, key: MemoryKey, segmentLength = SEGMENT): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const options = { keys: [key], context: { model: 'llama' }, segmentLength };
  for await (const chunk of sealToStream(bufferSource(plain), options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const floats = Float32Array.from({ length: 300_000 }, (_, i) => i / 7);
const TENSORS: Plain[] = [
  { name: 'norm', dtype: 'F32', shape: [3], bytes: new Uint8Array(Float32Array.of(1.5, -2, 0.25).buffer) },
  { name: 'up', dtype: 'F32', shape: [300, 1000], bytes: new Uint8Array(floats.buffer) },
  { name: 'ids', dtype: 'I64', shape: [2], bytes: new Uint8Array(BigInt64Array.of(-5n, 2n ** 60n).buffer) },
  { name: 'half', dtype: 'BF16', shape: [2, 2], bytes: Uint8Array.of(0x80, 0x3f, 0, 0x40, 1, 2, 3, 4) },
  { name: 'scale', dtype: 'U8', shape: [], bytes: Uint8Array.of(9) },
];

describe('tensors of a sealed file', () => {
  test('are listed, and come as what they are', async () => {
    const key = new MemoryKey();
    const plain = safetensors(TENSORS, { format: 'pt' });
    const bytes = bufferSource(await sealed(plain, key));
    const before = key.unwraps;
    await using file = await openSafetensors(bytes, { keys: [key], context: { model: 'llama' } });
    expect([...file.names]).toEqual(TENSORS.map(({ name }) => name));
    expect([file.size, file.metadata, file.context]).toEqual([
      plain.length,
      { format: 'pt' },
      { model: 'llama' },
    ]);
    expect(await file.tensor('norm')).toMatchObject({
      dtype: 'F32',
      shape: [3],
      data: Float32Array.of(1.5, -2, 0.25),
    });
    expect((await file.tensor('up')).data).toEqual(floats);
    expect((await file.tensor('ids')).data).toEqual(BigInt64Array.of(-5n, 2n ** 60n));
    expect((await file.tensor('half')).data).toEqual(Uint16Array.of(0x3f80, 0x4000, 0x0201, 0x0403));
    expect(await file.tensor('scale')).toMatchObject({ shape: [], data: Uint8Array.of(9) });
    expect(key.unwraps).toBe(before + 1);
  });

  test('come in part: rows, and bytes', async () => {
    const key = new MemoryKey();
    await using file = await openSafetensors(bufferSource(await sealed(safetensors(TENSORS), key)), {
      keys: [key],
    });
    const rows = await file.tensor('up', { rows: [100, 200] });
    expect(rows.shape).toEqual([100, 1000]);
    expect(rows.data).toEqual(floats.slice(100_000, 200_000));
    expect((await file.tensor('up', { rows: [300, 300] })).shape).toEqual([0, 1000]);
    expect(await file.bytes('half', { from: 2, to: 5 })).toEqual(Uint8Array.of(0, 0x40, 1));
    expect(await file.bytes('half')).toEqual(TENSORS[3]!.bytes);
    for (const bad of [
      [-1, 2],
      [2, 1],
      [0, 301],
      [0.5, 1],
    ] as const)
      await expect(file.tensor('up', { rows: bad })).rejects.toEqual(code('INVALID_ARGUMENT'));
    await expect(file.tensor('scale', { rows: [0, 1] })).rejects.toEqual(code('INVALID_ARGUMENT'));
    await expect(file.bytes('half', { to: 9 })).rejects.toEqual(code('INVALID_ARGUMENT'));
    await expect(file.tensor('down')).rejects.toEqual(code('TENSOR_NOT_FOUND'));
  });

  test('only the segments in which they lie are read', async () => {
    const key = new MemoryKey();
    const bytes = await sealed(safetensors(TENSORS), key);
    let read = 0;
    const counting: ByteSource = {
      size: bytes.length,
      read: (offset, length) => {
        read += length;
        return bufferSource(bytes).read(offset, length);
      },
    };
    await using file = await openSafetensors(counting, { keys: [key] });
    read = 0;
    await file.tensor('up', { rows: [150, 151] });
    // 4000 bytes lie in two segments at most.
    expect(read).toBeLessThanOrEqual(2 * SEGMENT);
  });

  test('a changed segment is refused where it is needed, and only there', async () => {
    const key = new MemoryKey();
    const bytes = await sealed(safetensors(TENSORS), key);
    bytes[bytes.length - 30_000]! ^= 1;
    await using file = await openSafetensors(bufferSource(bytes), { keys: [key] });
    expect((await file.tensor('norm')).data).toEqual(Float32Array.of(1.5, -2, 0.25));
    await expect(file.tensor('up')).rejects.toEqual(code('SEGMENT_TAMPERED'));
    expect((await file.tensor('up', { rows: [0, 100] })).data).toEqual(floats.slice(0, 100_000));
  });

  test('what is none is refused, and nothing is left open', async () => {
    const key = new MemoryKey();
    for (const plain of [new Uint8Array(), randomBytes(100_000), safetensors(TENSORS).subarray(0, -1)])
      await expect(openSafetensors(bufferSource(await sealed(plain, key)), { keys: [key] })).rejects.toEqual(
        code('SAFETENSORS_INVALID'),
      );
    await expect(
      openSafetensors(bufferSource(await sealed(safetensors(TENSORS), key)), {
        keys: [key],
        context: { model: 'x' },
      }),
    ).rejects.toEqual(code('CONTEXT_MISMATCH'));
  });

  test('after it was disposed of, nothing is read; an abort ends a read', async () => {
    const key = new MemoryKey();
    const file = await openSafetensors(bufferSource(await sealed(safetensors(TENSORS), key)), {
      keys: [key],
    });
    await expect(file.tensor('up', { signal: AbortSignal.abort() })).rejects.toEqual(code('ABORTED'));
    await file[Symbol.asyncDispose]();
    await expect(file.tensor('up')).rejects.toEqual(code('INVALID_ARGUMENT'));
  });

  test('a header longer than the first read is read whole', async () => {
    const key = new MemoryKey();
    const many = Array.from(
      { length: 6_000 },
      (_, i): Plain => ({ name: `layer.${i}`, dtype: 'U8', shape: [1], bytes: Uint8Array.of(i & 255) }),
    );
    await using file = await openSafetensors(bufferSource(await sealed(safetensors(many), key, 65_536)), {
      keys: [key],
    });
    expect(file.names.size).toBe(6_000);
    expect((await file.tensor('layer.5999')).data).toEqual(Uint8Array.of(5999 & 255));
  });
});

test('every part of every tensor is what it is in the plain file', async () => {
  const shape = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 3 });
  const dtype = fc.constantFrom('U8', 'F16', 'F32', 'F64', 'I64', 'C64' as const);
  const bytesOf = { U8: 1, F16: 2, F32: 4, F64: 8, I64: 8, C64: 8 } as const;
  const plainTensor = fc.record({ dtype, shape }).map(({ dtype: type, shape: sizes }) => ({
    dtype: type,
    shape: sizes,
    bytes: randomBytes(sizes.reduce((product, size) => product * size, 1) * bytesOf[type as 'U8']),
  }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(plainTensor, { maxLength: 5 }),
      fc.integer({ min: 64, max: 2000 }),
      fc.nat(),
      async (some, segmentLength, seed) => {
        const key = new MemoryKey();
        const tensors = some.map(
          (one, index): Plain => ({ ...one, dtype: one.dtype as 'U8', name: `t${index}` }),
        );
        await using file = await openSafetensors(
          bufferSource(await sealed(safetensors(tensors), key, segmentLength)),
          { keys: [key] },
        );
        for (const { name, shape: sizes, bytes } of tensors) {
          expect(Buffer.compare((await file.tensor(name)).bytes, bytes)).toBe(0);
          const [count = 0] = sizes;
          if (count === 0) continue;
          const from = seed % count;
          const to = from + ((seed >> 4) % (count - from + 1));
          const row = bytes.length / count;
          const part = await file.tensor(name, { rows: [from, to] });
          expect(Buffer.compare(part.bytes, bytes.subarray(from * row, to * row))).toBe(0);
        }
      },
    ),
    { numRuns: 60 },
  );
});
