import { readdirSync, readlinkSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  bufferSource,
  FileSource,
  inspect,
  openReader,
  openToFile,
  openToStream,
  type Progress,
  reseal,
  rewrap,
  sealToFile,
  sealToStream,
  verify,
} from '@weightseal/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, u64, utf8 } from '../src/format/bytes.js';
import { kdf } from '../src/format/kdf.js';
import { encryptSegment } from '../src/format/segment.js';
import { aadOf, type Forged } from './support/forge.js';
import { MemoryKey } from './support/memory-key.js';
import { code, collect, failureOf, pattern, streamOf } from './support/sealed.js';
import { dataKeyOf, smallFile } from './support/small-file.js';
import { everythingIn, temporary } from './support/temporary.js';

const temp = await temporary();
const keys = [new MemoryKey('a')];
// Large enough for the threads, and for many batches of small segments.
const PLAINTEXT = pattern(4_500_000);
const SEGMENT = 4096;
let input = '';
let sealed = '';
let bytes = new Uint8Array();

beforeAll(async () => {
  input = temp.path('plain');
  sealed = temp.path('sealed');
  await writeFile(input, PLAINTEXT);
  await sealToFile(input, sealed, { keys, segmentLength: SEGMENT });
  bytes = Uint8Array.from(await readFile(sealed));
});

/** The files that this process has open below the directory of this test, and any that have no name any more. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    })
    .filter((target) => target.includes('weightseal-core-'));
}

/** What a segment's key is derived to be when the message key has been zeroed, and when it has been zeroed itself. */
function keysOfZeros(file: Forged): Uint8Array[] {
  const prefix = file.bytes.slice(file.payloadOffset, file.payloadOffset + 42);
  const info = concat(prefix, utf8('DEK:'), u64(0), aadOf(file.core));
  return [kdf(new Uint8Array(48), info, 32), new Uint8Array(32)];
}

interface Call {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Every operation, with its output in a directory that is its own. */
const operations: Record<string, (directory: string, call: Call) => Promise<unknown>> = {
  'sealToFile of a file': (to, call) =>
    sealToFile(input, `${to}/out`, { keys, segmentLength: SEGMENT, ...call }),
  'sealToFile of a file, without digest': (to, call) =>
    sealToFile(input, `${to}/out`, { keys, segmentLength: SEGMENT, digest: false, ...call }),
  'sealToFile of a source': (to, call) =>
    sealToFile(bufferSource(PLAINTEXT), `${to}/out`, { keys, segmentLength: SEGMENT, ...call }),
  'sealToFile of a stream': (to, call) =>
    sealToFile(streamOf(PLAINTEXT, 65_536), `${to}/out`, { keys, segmentLength: SEGMENT, ...call }),
  sealToStream: (_to, call) =>
    collect(sealToStream(streamOf(PLAINTEXT, 65_536), { keys, segmentLength: SEGMENT, ...call })),
  'openToFile of a file': (to, call) => openToFile(sealed, `${to}/out`, { keys, ...call }),
  'openToFile of a file, with digest': (to, call) =>
    openToFile(sealed, `${to}/out`, { keys, digest: true, ...call }),
  'openToFile of a source': (to, call) => openToFile(bufferSource(bytes), `${to}/out`, { keys, ...call }),
  'openToFile of a stream': (to, call) => openToFile(streamOf(bytes, 65_536), `${to}/out`, { keys, ...call }),
  'openToStream of a file': (_to, call) => collect(openToStream(sealed, { keys, ...call })),
  'openToStream of a stream': (_to, call) =>
    collect(openToStream(streamOf(bytes, 65_536), { keys, ...call })),
  verify: (_to, call) => verify(sealed, { keys, ...call }),
};

describe('an abort', () => {
  it.each(Object.entries(operations))(
    '%s: at any moment, leaves nothing and no open file',
    async (_name, operation) => {
      for (const after of [0, 1, 4, 12]) {
        const directory = await temp.directory();
        const controller = new AbortController();
        if (after === 0) controller.abort(new Error('stop'));
        else void delay(after).then(() => controller.abort(new Error('stop')));
        const error = await failureOf(() => operation(directory, { signal: controller.signal }));
        if (error === undefined) continue;
        expect(error).toMatchObject({ code: 'ABORTED', cause: { message: 'stop' } });
        expect(await everythingIn(directory)).toEqual([]);
      }
      expect(openFiles()).toEqual([]);
    },
  );

  it.each(Object.entries(operations))(
    '%s: from within a progress callback, is heard',
    async (_name, operation) => {
      const directory = await temp.directory();
      const controller = new AbortController();
      const onProgress = ({ bytes: done }: Progress) => {
        if (done > 0) controller.abort();
      };
      const error = await failureOf(() => operation(directory, { signal: controller.signal, onProgress }));
      // One batch may have been all there was.
      if (error !== undefined) {
        expect(error).toEqual(code('ABORTED'));
        expect(await everythingIn(directory)).toEqual([]);
      }
      expect(openFiles()).toEqual([]);
    },
  );

  it('rewrap and reseal: leaves a file that the old recipients open', async () => {
    for (const after of [0, 1, 4, 16]) {
      const directory = await temp.directory();
      const path = `${directory}/file`;
      await writeFile(path, bytes);
      for (const change of [rewrap, reseal]) {
        const signal = after === 0 ? AbortSignal.abort() : AbortSignal.timeout(after);
        const error = await failureOf(() => change(path, { keys, add: [new MemoryKey('b')], signal }));
        if (error) expect(error).toEqual(code('ABORTED'));
        expect((await inspect(path)).recipients.length).toBeGreaterThanOrEqual(1);
        expect(await verify(path, { keys })).toMatchObject({ size: PLAINTEXT.length });
      }
      expect(await everythingIn(directory)).toEqual(['file']);
    }
    expect(openFiles()).toEqual([]);
  });

  it('is heard while a stream gives nothing', async () => {
    async function* stuck() {
      yield bytes.subarray(0, 100_000);
      await new Promise(() => {});
    }
    const directory = await temp.directory();
    const signal = AbortSignal.timeout(30);
    for (const attempt of [
      () => openToFile(stuck(), `${directory}/a`, { keys, signal }),
      () => sealToFile(stuck(), `${directory}/b`, { keys, signal }),
    ]) {
      expect(await failureOf(attempt)).toEqual(code('ABORTED'));
    }
    expect(await everythingIn(directory)).toEqual([]);
  });
});

describe('a consumer that stops early', () => {
  it('of a stream: leaves no open file', async () => {
    for (const stream of [
      openToStream(sealed, { keys }),
      openToStream(sealed, { keys }),
      openToStream(sealed, { keys }),
    ]) {
      for await (const _chunk of stream) break;
    }
    expect(openFiles()).toEqual([]);
  });

  it('ends the stream that it read from', async () => {
    const small = await collect(
      sealToStream(bufferSource(PLAINTEXT.subarray(0, 3_000_000)), { keys, segmentLength: SEGMENT }),
    );
    for (const [make, content] of [
      [(from: AsyncIterable<Uint8Array>) => sealToStream(from, { keys, segmentLength: SEGMENT }), PLAINTEXT],
      [(from: AsyncIterable<Uint8Array>) => openToStream(from, { keys }), small],
    ] as const) {
      let state = 'not started';
      async function* watched() {
        state = 'started';
        try {
          yield* streamOf(content, 65_536);
          if (content === PLAINTEXT) for (;;) yield new Uint8Array(65_536);
        } finally {
          state = 'ended';
        }
      }
      let chunks = 0;
      for await (const _chunk of make(watched())) if (++chunks === (content === small ? 1 : 4)) break;
      await delay(10);
      expect(state).toBe('ended');
    }
  });

  it('also when it stops before anything was read from there', async () => {
    let cancelled = false;
    const web = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1000)),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const _chunk of sealToStream(web, { keys })) break;
    await expect.poll(() => cancelled).toBe(true);
  });

  it('may cancel while the input gives nothing', async () => {
    async function* stuck() {
      yield bytes.subarray(0, 100_000);
      await new Promise(() => {});
    }
    const reader = openToStream(stuck(), { keys }).getReader();
    const pending = reader.read().catch(() => {});
    await delay(20);
    const outcome = await Promise.race([
      reader.cancel().then(() => 'cancelled'),
      delay(10_000, 'still waiting', { ref: false }),
    ]);
    void pending;
    expect(outcome).toBe('cancelled');
  });
});

describe('progress', () => {
  it.each(Object.entries(operations))(
    '%s: begins with 0, never goes back, ends with everything',
    async (_name, operation) => {
      const told: Progress[] = [];
      await operation(await temp.directory(), { onProgress: (progress) => told.push(progress) });
      expect(told[0]!.bytes).toBe(0);
      for (const [i, { bytes: done }] of told.entries())
        if (i > 0) expect(done).toBeGreaterThanOrEqual(told[i - 1]!.bytes);
      expect(told.at(-1)!.bytes).toBe(PLAINTEXT.length);
      for (const { total } of told) expect([PLAINTEXT.length, undefined]).toContain(total);
      expect(new Set(told.map(({ total }) => total)).size).toBe(1);
    },
  );

  it('of a reseal: counts everything twice', async () => {
    const path = temp.path();
    await writeFile(path, bytes);
    const told: Progress[] = [];
    await reseal(path, { keys, onProgress: (progress) => told.push(progress) });
    expect(told.at(-1)).toEqual({ bytes: 2 * PLAINTEXT.length, total: 2 * PLAINTEXT.length });
    for (const [i, { bytes: done }] of told.entries())
      if (i > 0) expect(done).toBeGreaterThanOrEqual(told[i - 1]!.bytes);
  });

  it.each(Object.entries(operations))(
    '%s: a callback that throws stops it and leaves nothing, and what it threw is what the caller gets',
    async (_name, operation) => {
      const mine = new Error('mine');
      for (const after of [0, SEGMENT]) {
        const directory = await temp.directory();
        const onProgress = ({ bytes: done }: Progress) => {
          if (done >= after) throw mine;
        };
        expect(await failureOf(() => operation(directory, { onProgress }))).toBe(mine);
        expect(await everythingIn(directory)).toEqual([]);
      }
      expect(openFiles()).toEqual([]);
    },
  );

  it('and so does that of a reseal, which leaves the file as it was', async () => {
    const path = temp.path();
    await writeFile(path, bytes);
    const mine = new Error('mine');
    for (const after of [0, SEGMENT, PLAINTEXT.length + 1]) {
      const onProgress = ({ bytes: done }: Progress) => {
        if (done >= after) throw mine;
      };
      expect(await failureOf(() => reseal(path, { keys, onProgress }))).toBe(mine);
    }
    expect(await readFile(path)).toEqual(Buffer.from(bytes));
  });

  it('what is thrown that is no error is the cause of one', async () => {
    const onProgress = () => {
      throw 'mine';
    };
    const error = await failureOf(() => verify(sealed, { keys, onProgress }));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', cause: 'mine' });
  });
});

describe('a reader that is disposed of', () => {
  it('gives nothing any more, and not the code of a changed file', async () => {
    for (const from of [sealed, bufferSource(bytes)]) {
      const reader = await openReader(from, { keys });
      await reader[Symbol.asyncDispose]();
      const error = await failureOf(() => reader.read(0, 100));
      expect(error).toMatchObject({ class: 'usage' });
    }
  });

  it('never accepts what was encrypted under keys of zeros', async () => {
    // Whoever can write to the storage knows the keys that are left when all have been zeroed.
    const file = smallFile();
    for (const segmentKey of keysOfZeros(file)) {
      const storage = file.bytes.slice();
      const reader = await openReader(bufferSource(storage), { keys: [dataKeyOf()] });
      const forged = encryptSegment(segmentKey, 0, false, new Uint8Array(12), new Uint8Array(32).fill(0x66));
      storage.set(concat(...forged), file.payloadOffset + 74);
      await reader[Symbol.asyncDispose]();
      const read = await reader.read(0, 32).catch(() => undefined);
      expect(read && Buffer.from(read).toString()).toBeUndefined();
    }
  });

  it('while it reads: never accepts what was encrypted under keys of zeros', async () => {
    const file = smallFile();
    for (const segmentKey of keysOfZeros(file)) {
      const storage = file.bytes.slice();
      let wait = Promise.resolve();
      const source = {
        size: storage.length,
        read: async (offset: number, length: number) => {
          await wait;
          return storage.slice(offset, offset + length);
        },
      };
      const reader = await openReader(source, { keys: [dataKeyOf()] });
      const forged = encryptSegment(segmentKey, 0, false, new Uint8Array(12), new Uint8Array(32).fill(0x66));
      storage.set(concat(...forged), file.payloadOffset + 74);
      wait = delay(20);
      const pending = reader.read(0, 32).catch(() => undefined);
      await delay(5);
      await Promise.race([reader[Symbol.asyncDispose](), delay(50)]);
      const read = await pending;
      expect(read && Buffer.from(read).toString()).toBeUndefined();
    }
  });

  it('while it reads: the reads end well, or not as a changed file', async () => {
    const slow = {
      size: bytes.length,
      read: async (offset: number, length: number) => {
        await delay(5);
        return bytes.slice(offset, offset + length);
      },
    };
    const reader = await openReader(slow, { keys });
    const reads = Array.from({ length: 8 }, (_, i) => failureOf(() => reader.read(i * 500_000, 10_000)));
    await reader[Symbol.asyncDispose]();
    for (const error of await Promise.all(reads)) {
      if (error !== undefined) expect(error).not.toMatchObject({ class: 'integrity' });
    }
  });

  it('leaves no open file, and a source that the caller opened stays open', async () => {
    const reader = await openReader(sealed, { keys });
    await reader[Symbol.asyncDispose]();
    expect(openFiles()).toEqual([]);
    await using source = await FileSource.open(sealed);
    const second = await openReader(source, { keys });
    await second[Symbol.asyncDispose]();
    expect((await source.read(0, 8)).length).toBe(8);
  });
});
