import { readFile } from 'node:fs/promises';
import {
  type ByteSource,
  bufferSource,
  inspect,
  openReader,
  openToFile,
  openToStream,
  sealToFile,
  sealToStream,
  verify,
} from '@weightseal/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { HeldKey } from './support/held-key.js';
import { keyWith, MemoryKey } from './support/memory-key.js';
import { code, collect, failureOf, pattern } from './support/sealed.js';
import { everythingIn, temporary } from './support/temporary.js';

// Whoever gives a byte source or a key may give one that never answers, and does not listen to the signal.
const temp = await temporary();
const keys = [new MemoryKey('a')];
const PLAINTEXT = pattern(5_000_000);
let sealed = new Uint8Array();

beforeAll(async () => {
  const path = temp.path();
  await sealToFile(bufferSource(PLAINTEXT), path, { keys });
  sealed = Uint8Array.from(await readFile(path));
});

/** Answers so many reads, and no more; `reached` is settled by the first one that it does not answer. */
function stalling(bytes: Uint8Array, reads: number): { source: ByteSource; reached: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = reads;
  const read = async (offset: number, length: number) => {
    if (left-- > 0) return bytes.slice(offset, offset + length);
    resolve();
    return await new Promise<never>(() => {});
  };
  return { source: { size: bytes.length, read }, reached: promise };
}

type Operation = (source: ByteSource, directory: string, signal: AbortSignal) => Promise<unknown>;

const opening: Record<string, Operation> = {
  verify: (source, _to, signal) => verify(source, { keys, signal }),
  openToFile: (source, to, signal) => openToFile(source, `${to}/out`, { keys, signal }),
  openToStream: (source, _to, signal) => collect(openToStream(source, { keys, signal })),
};
const sealing: Record<string, Operation> = {
  sealToFile: (source, to, signal) => sealToFile(source, `${to}/out`, { keys, signal }),
  sealToStream: (source, _to, signal) => collect(sealToStream(source, { keys, signal })),
};

/** Aborts as soon as the source does not answer, and gives what the operation says. */
async function aborted(operation: Operation, bytes: Uint8Array, reads: number): Promise<unknown> {
  const directory = await temp.directory();
  const controller = new AbortController();
  const { source, reached } = stalling(bytes, reads);
  const failing = failureOf(() => operation(source, directory, controller.signal));
  await reached;
  controller.abort();
  const error = await failing;
  expect(await everythingIn(directory)).toEqual([]);
  return error;
}

describe('an abort, while a byte source does not answer', () => {
  it.each(Object.entries(opening))('ends %s, whichever read it is', async (_name, operation) => {
    for (const reads of [0, 1, 2, 3])
      expect(await aborted(operation, sealed, reads)).toEqual(code('ABORTED'));
  });

  it.each(Object.entries(sealing))('ends %s', async (_name, operation) => {
    for (const bytes of [PLAINTEXT.subarray(0, 100), PLAINTEXT])
      expect(await aborted(operation, bytes, 0)).toEqual(code('ABORTED'));
  });

  it('ends inspect, and openReader', async () => {
    expect(await aborted((source, _to, signal) => inspect(source, { signal }), sealed, 0)).toEqual(
      code('ABORTED'),
    );
    expect(await aborted((source, _to, signal) => openReader(source, { keys, signal }), sealed, 1)).toEqual(
      code('ABORTED'),
    );
  });

  it('ends the search for why a segment was refused', async () => {
    const damaged = sealed.slice();
    damaged[damaged.length - 1]! ^= 1;
    expect(await aborted(opening['verify']!, damaged, 3)).toEqual(code('ABORTED'));
  });
});

describe('one read that fails', () => {
  it('ends the operation, though others were never answered', async () => {
    let reads = 0;
    const read = (offset: number, length: number): Promise<Uint8Array> => {
      if (++reads <= 3) return Promise.resolve(sealed.slice(offset, offset + length));
      return reads === 4 ? Promise.reject(new Error('broken')) : new Promise(() => {});
    };
    const error = await failureOf(() => verify({ size: sealed.length, read }, { keys }));
    expect(error).toMatchObject({ code: 'IO_ERROR', cause: { message: 'broken' } });
  });
});

describe('a reader that is disposed of while its source does not answer', () => {
  it('is done at once, and so is the read', async () => {
    const { source, reached } = stalling(sealed, 2);
    const reader = await openReader(source, { keys });
    const reading = failureOf(() => reader.read(0, 10));
    await reached;
    await reader[Symbol.asyncDispose]();
    expect(await reading).toEqual(code('INVALID_ARGUMENT'));
    expect(await failureOf(() => reader.read(0, 10))).toEqual(code('INVALID_ARGUMENT'));
  });

  it('tells an abort of the caller as that', async () => {
    const { source, reached } = stalling(sealed, 2);
    const reader = await openReader(source, { keys });
    const controller = new AbortController();
    const reading = failureOf(() => reader.read(0, 10, { signal: controller.signal }));
    await reached;
    controller.abort();
    await reader[Symbol.asyncDispose]();
    expect(await reading).toEqual(code('ABORTED'));
  });
});

describe('an abort, while a key does not answer', () => {
  it('ends sealing at once, and the copy that the key was lent is zeroed', async () => {
    const lent = Promise.withResolvers<Uint8Array>();
    const deaf = keyWith('a', {
      wrap: (dataKey) => {
        lent.resolve(dataKey);
        return new Promise(() => {});
      },
    });
    const controller = new AbortController();
    const { signal } = controller;
    const sealingIt = failureOf(() =>
      sealToFile(bufferSource(PLAINTEXT), temp.path(), { keys: [deaf], signal }),
    );
    const copy = await lent.promise;
    expect(copy.some((byte) => byte !== 0)).toBe(true);
    controller.abort();
    expect(await sealingIt).toEqual(code('ABORTED'));
    expect(copy.every((byte) => byte === 0)).toBe(true);
  });

  it('ends opening at once, and zeroes the data key that comes late', async () => {
    const deaf = new HeldKey('a', { deaf: true });
    const controller = new AbortController();
    const { signal } = controller;
    const openingIt = failureOf(() => verify(bufferSource(sealed), { keys: [deaf], signal }));
    while (deaf.held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect(await openingIt).toEqual(code('ABORTED'));
    const late = await deaf.held[0]!.answer();
    await new Promise((resolve) => setImmediate(resolve));
    expect(late.every((byte) => byte === 0)).toBe(true);
  });
});
