import { createHash } from 'node:crypto';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { bufferSource, openReader } from '@weightseal/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { code, failureOf, pattern, sealBytes } from './support/sealed.js';
import { type Temporary, temporary } from './support/temporary.js';

const KEY = new MemoryKey('a');
// One that is done on the calling thread, and one that goes to the pool's threads.
const SIZES = { small: 100_000, large: 9_000_001 };

let place: Temporary;
const sealed: Record<string, Uint8Array> = {};

beforeAll(async () => {
  place = await temporary();
  for (const [name, size] of Object.entries(SIZES))
    sealed[name] = await sealBytes(pattern(size), { keys: [KEY] });
});

describe.each(Object.entries(SIZES))('writing all of a %s file into one that is open', (name, size) => {
  test.each(['a path', 'a byte source'])('from %s', async (from) => {
    const input = place.path('sealed');
    await writeFile(input, sealed[name]!);
    const path = place.path();
    await using file = await open(path, 'wx+');
    const before = KEY.unwraps;
    await using reader = await openReader(from === 'a path' ? input : bufferSource(sealed[name]!), {
      keys: [KEY],
    });
    const told: number[] = [];
    const opened = await reader.writeTo(file, { onProgress: ({ bytes }) => told.push(bytes) });
    expect(Buffer.compare(await readFile(path), pattern(size))).toBe(0);
    expect(opened).toEqual(reader.opened);
    expect(opened).toMatchObject({ size, digestVerified: false, context: {} });
    expect(told.at(-1)).toBe(size);
    expect(KEY.unwraps).toBe(before + 1);
  });

  test('the digest is compared when that is asked for', async () => {
    const input = place.path('sealed');
    const { sealToFile } = await import('@weightseal/core');
    await sealToFile(bufferSource(pattern(size)), input, { keys: [KEY] });
    await using file = await open(place.path(), 'wx+');
    await using reader = await openReader(input, { keys: [KEY] });
    const digest = `sha256:${createHash('sha256').update(pattern(size)).digest('hex')}`;
    expect(await reader.writeTo(file, { digest: true })).toMatchObject({ digest, digestVerified: true });
  });

  test('a changed segment is refused', async () => {
    const bytes = sealed[name]!.slice();
    bytes[bytes.length - size + 5]! ^= 1;
    await using file = await open(place.path(), 'wx+');
    // A file of one segment is refused already when that, its last, is authenticated.
    const attempt = async () => {
      await using reader = await openReader(bufferSource(bytes), { keys: [KEY] });
      await reader.writeTo(file);
    };
    expect(await failureOf(attempt)).toEqual(code('SEGMENT_TAMPERED'));
  });

  test('an abort ends it', async () => {
    await using file = await open(place.path(), 'wx+');
    await using reader = await openReader(bufferSource(sealed[name]!), { keys: [KEY] });
    await expect(reader.writeTo(file, { signal: AbortSignal.abort() })).rejects.toEqual(code('ABORTED'));
  });
});

test('a file that is longer keeps its length, and what is behind the plaintext', async () => {
  const path = place.path();
  await using file = await open(path, 'wx+');
  await file.truncate(SIZES.small + 10);
  await using reader = await openReader(bufferSource(sealed['small']!), { keys: [KEY] });
  await reader.writeTo(file);
  expect((await stat(path)).size).toBe(SIZES.small + 10);
});

test('closing ends it, and then nothing more is written', async () => {
  const path = place.path();
  await using file = await open(path, 'wx+');
  const reader = await openReader(bufferSource(sealed['large']!), { keys: [KEY] });
  const writing = failureOf(() => reader.writeTo(file));
  await reader[Symbol.asyncDispose]();
  const { mtimeNs } = await file.stat({ bigint: true });
  expect(await writing).toEqual(code('INVALID_ARGUMENT'));
  expect(await failureOf(() => reader.writeTo(file))).toEqual(code('INVALID_ARGUMENT'));
  expect((await file.stat({ bigint: true })).mtimeNs).toBe(mtimeNs);
});
