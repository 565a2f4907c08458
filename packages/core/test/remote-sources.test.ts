import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ByteSource,
  bufferSource,
  inspect,
  openReader,
  openToFile,
  openToStream,
  type ReadOptions,
  sealToFile,
  verify,
} from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { code, collect, pattern, sealBytes } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const temp = await temporary();
const keys = [new MemoryKey('a')];
const plaintext = pattern(12_000_000);
const sealed = await sealBytes(plaintext, { keys });

interface Counted {
  readonly source: ByteSource;
  readonly reads: [offset: number, length: number][];
  most: number;
}

/** A source that takes a moment for each read, and counts them. */
function counted(bytes: Uint8Array, options: ReadOptions = {}): Counted {
  let underWay = 0;
  const read: ByteSource['read'] = async (offset, length) => {
    counts.reads.push([offset, length]);
    counts.most = Math.max(counts.most, ++underWay);
    await delay(5);
    underWay--;
    return bytes.slice(offset, offset + length);
  };
  const counts: Counted = { source: { size: bytes.length, ...options, read }, reads: [], most: 0 };
  return counts;
}

const MIB = 1_048_576;
const PAYLOAD = 32_000;
const ofPayload = ({ reads }: Counted) => reads.filter(([offset]) => offset > PAYLOAD);

describe('how a byte source is read', () => {
  const ways: Record<string, (source: ByteSource, options: ReadOptions) => Promise<unknown>> = {
    openToFile: (source, options) => openToFile(source, temp.path(), { keys, ...options }),
    openToStream: (source, options) => collect(openToStream(source, { keys, ...options })),
    verify: (source, options) => verify(source, { keys, ...options }),
    'read of a reader': async (source, options) => {
      const reader = await openReader(source, { keys, ...options });
      await reader.read(0, reader.size);
      await reader.close();
    },
    'stream of a reader': async (source, options) => {
      const reader = await openReader(source, { keys, ...options });
      await collect(reader.stream());
      await reader.close();
    },
  };

  it.each(Object.entries(ways))(
    '%s: the source says how many reads, and of what size',
    async (_name, open) => {
      for (const [concurrency, requestBytes, most] of [
        [1, MIB, MIB],
        [3, 2 * MIB, 2 * MIB],
        [64, 3 * MIB, 2 * MIB],
        [2, 1, MIB],
      ] as const) {
        const counts = counted(sealed, { concurrency, requestBytes });
        await open(counts.source, {});
        // The last segment is read when the file is opened.
        const lengths = ofPayload(counts).map(([, length]) => length);
        expect(Math.max(...lengths)).toBe((most / MIB) * (MIB + 32));
        expect(counts.most).toBe(Math.min(concurrency, lengths.length - 1));
      }
    },
  );

  it.each(Object.entries(ways))('%s: the operation goes before the source', async (_name, open) => {
    const counts = counted(sealed, { concurrency: 1, requestBytes: 4 * MIB });
    await open(counts.source, { concurrency: 5, requestBytes: MIB });
    expect(counts.most).toBe(5);
    expect(Math.max(...ofPayload(counts).map(([, length]) => length))).toBe(MIB + 32);
  });

  it('sealing: likewise, by the plaintext', async () => {
    const counts = counted(plaintext, { concurrency: 4, requestBytes: MIB });
    const output = temp.path();
    await sealToFile(counts.source, output, { keys });
    expect(counts.most).toBe(4);
    // First whether it is sealed already, before a key is asked.
    expect(counts.reads.slice(0, 2)).toEqual([
      [0, 8],
      [0, MIB],
    ]);
    expect(await verify(output, { keys })).toMatchObject({ size: plaintext.length, digestVerified: true });
  });

  it('16 at once unless told, of 4 MiB each, and the output is right', async () => {
    const many = pattern(80 * MIB, 7);
    const counts = counted(await sealBytes(many, { keys }));
    const output = temp.path();
    await openToFile(counts.source, output, { keys });
    expect(counts.most).toBe(16);
    expect(Buffer.compare(await readFile(output), many)).toBe(0);
    expect(Math.max(...ofPayload(counts).map(([, length]) => length))).toBe(4 * (MIB + 32));
  });

  it('no more than 64 MiB at once unless told, where segments are long', async () => {
    const counts = counted(await sealBytes(pattern(90 * MIB), { keys, segmentLength: 8 * MIB }));
    await verify(counts.source, { keys, digest: false });
    expect(counts.most).toBe(8);
  });

  it.each([
    ['concurrency', 0],
    ['concurrency', 1.5],
    ['concurrency', 1025],
    ['concurrency', '4'],
    ['requestBytes', 0],
    ['requestBytes', -1],
    ['requestBytes', 2 ** 29],
  ])('%s of %s is refused, of the source and of the operation', async (name, value) => {
    for (const [source, options] of [
      [{ ...counted(sealed).source, [name]: value }, {}],
      [counted(sealed).source, { [name]: value }],
    ] as const) {
      await expect(openReader(source, { keys, ...options })).rejects.toEqual(code('INVALID_ARGUMENT'));
      await expect(sealToFile(source, temp.path(), { keys, ...options })).rejects.toEqual(
        code('INVALID_ARGUMENT'),
      );
    }
  });

  it('one read that fails ends those that wait for their turn', async () => {
    let reads = 0;
    const source: ByteSource = {
      size: sealed.length,
      concurrency: 2,
      requestBytes: 1,
      read: async (offset, length) => {
        if (offset > PAYLOAD && ++reads === 3) throw new Error('gone');
        await delay(5);
        return sealed.slice(offset, offset + length);
      },
    };
    await expect(openToFile(source, temp.path(), { keys })).rejects.toEqual(code('IO_ERROR'));
    const then = reads;
    await delay(50);
    expect(reads).toBe(then);
  });
});

describe('the head of a file', () => {
  it.each([
    ['inspect', (source: ByteSource) => inspect(source)],
    ['verify', (source: ByteSource) => verify(source, { keys })],
    ['openToFile', (source: ByteSource) => openToFile(source, temp.path(), { keys })],
    ['openReader', async (source: ByteSource) => (await openReader(source, { keys })).close()],
  ])('is read once, by one request: %s', async (_name, open) => {
    const counts = counted(sealed);
    await open(counts.source);
    expect(counts.reads.filter(([offset]) => offset <= PAYLOAD)).toHaveLength(1);
  });

  it('takes a second request only where its envelope has outgrown the usual', async () => {
    const many = Array.from({ length: 20 }, (_, i) => new MemoryKey(`${i}`.padEnd(500, 'x')));
    const counts = counted(await sealBytes(pattern(10), { keys: many }));
    await inspect(counts.source);
    const [first, second] = counts.reads;
    expect(second?.[0]).toBe(first![1]);
  });

  it('and its size is told before a key is asked; who throws then ends the opening', async () => {
    const key = new MemoryKey('a');
    const sizes: number[] = [];
    const reader = await openReader(counted(sealed).source, {
      keys: [key],
      onSize: (size) => sizes.push(size, key.unwraps),
    });
    await reader.close();
    expect(sizes).toEqual([plaintext.length, 0]);
    const onSize = () => {
      throw new Error('too large');
    };
    await expect(openReader(counted(sealed).source, { keys: [key], onSize })).rejects.toThrow('too large');
    expect(key.unwraps).toBe(1);
  });
});

it('a small part of a source takes memory for that part, and not for a whole request', async () => {
  const sealedBytes = await sealBytes(pattern(3_000_000), { keys, segmentLength: 65_536 });
  const reader = await openReader(bufferSource(sealedBytes), { keys, requestBytes: 268_435_456 });
  try {
    const before = process.memoryUsage().arrayBuffers;
    for (let at = 0; at < 40; at++) await reader.read(at * 70_000, 16);
    // 40 requests of 256 MiB would be 10 GiB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(500_000_000);
  } finally {
    await reader.close();
  }
});
