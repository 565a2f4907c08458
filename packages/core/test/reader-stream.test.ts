import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type ByteSource, bufferSource, openReader, type SealedReader } from '@weightseal/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { code, collect, failureOf, pattern, sealBytes } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const temp = await temporary();
const keys = [new MemoryKey('a')];
const small = pattern(20_000);
const sealedSmall = await sealBytes(small, { keys, segmentLength: 1000 });
const large = pattern(60_000_000, 3);
const sealedLarge = await sealBytes(large, { keys });
const path = temp.path('large');
await writeFile(path, sealedLarge);
afterAll(() => rm(path));

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const closed = code('INVALID_ARGUMENT');

/** A source that answers when the test says so, and listens to no signal. */
function held(bytes: Uint8Array, from: number): { source: ByteSource; waiting: (() => void)[] } {
  let reads = 0;
  const waiting: (() => void)[] = [];
  const read: ByteSource['read'] = async (offset, length) => {
    if (reads++ >= from) await new Promise<void>((resolve) => waiting.push(resolve));
    return bytes.slice(offset, offset + length);
  };
  return { source: { size: bytes.length, read }, waiting };
}

async function firstOf(reader: SealedReader) {
  const stream = reader.stream().getReader();
  await stream.read();
  return stream;
}

describe("a reader's stream", () => {
  it('of any range is the slice of the plaintext', async () => {
    for (const bytes of [sealedSmall, await sealBytes(small, { keys, segmentLength: 64 })]) {
      const reader = await openReader(bufferSource(bytes), { keys });
      const range = fc
        .tuple(fc.nat(small.length), fc.nat(small.length))
        .map((ends) => ends.toSorted((a, b) => a - b));
      await fc.assert(
        fc.asyncProperty(range, async ([start, end]) => {
          expect(await collect(reader.stream({ start, end }))).toEqual(small.slice(start, end));
        }),
        { numRuns: 60 },
      );
      expect(await collect(reader.stream())).toEqual(small);
      expect(await collect(reader.stream({ start: 19_990 }))).toEqual(small.slice(19_990));
      expect(await collect(reader.stream({ end: 3 }))).toEqual(small.slice(0, 3));
      expect(await collect(reader.stream({ start: small.length }))).toEqual(new Uint8Array());
      await reader.close();
    }
  });

  it.each([
    ['a file, by threads', path],
    ['a byte source', bufferSource(sealedLarge)],
  ])('of a large range of %s is the slice, and a Node stream takes it', async (_name, input) => {
    const reader = await openReader(input, { keys });
    const all = await collect(Readable.fromWeb(reader.stream() as never));
    expect(sha256(all)).toBe(sha256(large));
    const part = await collect(reader.stream({ start: 1_048_575, end: 55_000_001 }));
    expect(sha256(part)).toBe(sha256(large.subarray(1_048_575, 55_000_001)));
    await reader.close();
  });

  it('outside the file is refused at once', async () => {
    const reader = await openReader(bufferSource(sealedSmall), { keys });
    for (const [start, end] of [
      [-1, 5],
      [0, 20_001],
      [6, 5],
      [0.5, 5],
      [0, Number.NaN],
      ['0', 5],
    ] as [number, number][]) {
      expect(() => reader.stream({ start, end }), `${start} ${end}`).toThrow(closed as Error);
    }
    await reader.close();
  });

  it('reads only the segments that hold the range, and some of them ahead', async () => {
    const asked: [number, number][] = [];
    const source: ByteSource = {
      size: sealedLarge.length,
      requestBytes: 1_048_576,
      concurrency: 3,
      read: async (offset, length) => {
        asked.push([offset, length]);
        return sealedLarge.slice(offset, offset + length);
      },
    };
    const reader = await openReader(source, { keys });
    const { segmentLength } = reader;
    expect(segmentLength).toBe(1_048_608);
    asked.length = 0;
    await collect(reader.stream({ start: 2 * 1_048_576 + 5, end: 4 * 1_048_576 }));
    expect(asked.map(([, length]) => length)).toEqual([segmentLength, segmentLength]);
    // A reader that asks for nothing more holds back what is behind it.
    asked.length = 0;
    const stream = await firstOf(reader);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const ahead = asked.length;
    expect(ahead).toBeGreaterThanOrEqual(3);
    expect(ahead).toBeLessThanOrEqual(9);
    await stream.cancel();
    await reader.close();
  });

  it('gives nothing of a segment that was changed, and all that is before it', async () => {
    const changed = sealedSmall.slice();
    changed[sealedSmall.length - 5000]! ^= 1;
    const reader = await openReader(bufferSource(changed), { keys });
    const got: Uint8Array[] = [];
    const error = await failureOf(async () => {
      for await (const chunk of reader.stream()) got.push(chunk);
    });
    expect(error).toEqual(code('SEGMENT_TAMPERED'));
    const before = Buffer.concat(got);
    expect(Buffer.compare(before, small.subarray(0, before.length))).toBe(0);
    await reader.close();
  });

  it('ends with the signal, whether it is read or not, and the reader goes on', async () => {
    const { source } = held(sealedSmall, 2);
    const reader = await openReader(source, { keys });
    const ending = new AbortController();
    const waiting = reader.stream({ signal: ending.signal }).getReader().read();
    const idle = reader.stream({ signal: ending.signal });
    ending.abort(new Error('enough'));
    await expect(waiting).rejects.toEqual(code('ABORTED'));
    await expect(idle.getReader().read()).rejects.toEqual(code('ABORTED'));
    await expect(reader.stream({ signal: ending.signal }).getReader().read()).rejects.toEqual(
      code('ABORTED'),
    );
    await reader.close();
  });

  it('that is cancelled stops reading, and the reader can be used on', async () => {
    const reader = await openReader(path, { keys });
    const stream = await firstOf(reader);
    await stream.cancel();
    expect((await stream.read()).done).toBe(true);
    for await (const chunk of reader.stream()) {
      expect(Buffer.compare(chunk, large.subarray(0, chunk.length))).toBe(0);
      break;
    }
    expect(await reader.read(5, 5)).toEqual(large.slice(5, 10));
    await reader.close();
  });
});

describe('a reader that is closed', () => {
  it('says so of reads, of streams that are read, of those that nobody reads, and of new ones', async () => {
    const { source } = held(sealedSmall, 2);
    const reader = await openReader(source, { keys });
    const reading = reader.read(0, 5000);
    const waiting = reader.stream().getReader().read();
    const idle = reader.stream();
    const failures = Promise.allSettled([reading, waiting]);
    await reader.close();
    for (const one of await failures) expect(one).toMatchObject({ reason: { code: 'INVALID_ARGUMENT' } });
    await expect(idle.getReader().read()).rejects.toEqual(closed);
    expect(() => reader.stream()).toThrow(closed as Error);
    await expect(reader.read(0, 1)).rejects.toEqual(closed);
  });

  it('in the midst of a stream by threads ends that, and never as if it were whole', async () => {
    const reader = await openReader(path, { keys });
    const stream = await firstOf(reader);
    await reader.close();
    await expect(stream.read()).rejects.toEqual(closed);
  });

  it('may be closed again, in both ways', async () => {
    const reader = await openReader(path, { keys });
    await Promise.all([reader.close(), reader.close(), reader[Symbol.asyncDispose]()]);
    await reader.close();
  });
});
