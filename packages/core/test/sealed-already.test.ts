import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { bufferSource, type InputBytes, openToStream, sealToFile, sealToStream } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { collect, pattern, refusal, sealBytes, streamOf } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const temp = await temporary();
const keys = [new MemoryKey('a')];
const PLAINTEXT = pattern(300);
const sealed = await sealBytes(PLAINTEXT, { keys });

const inputs: Record<string, (bytes: Uint8Array) => Promise<InputBytes>> = {
  'a file': async (bytes) => {
    const path = temp.path();
    await writeFile(path, bytes);
    return path;
  },
  'a byte source': async (bytes) => bufferSource(bytes),
  'a stream of single bytes': async (bytes) => streamOf(bytes, 1),
  'a stream of empty and uneven chunks': async (bytes) => streamOf(bytes, 3, 0, 4, 100),
  'a Node stream': async (bytes) => Readable.from([Buffer.from(bytes)]),
  'a web stream': async (bytes) => new Blob([Uint8Array.from(bytes)]).stream(),
};

describe.each(Object.entries(inputs))('%s that is sealed already', (_name, input) => {
  it('is refused, with what to do instead, and nothing is written', async () => {
    const to = temp.path();
    const error = await refusal(async () => sealToFile(await input(sealed), to, { keys }));
    expect(error.code).toBe('ALREADY_SEALED');
    expect(error.message).toContain('`rewrap` changes who opens it');
    expect(existsSync(to)).toBe(false);
    const chunks: Uint8Array[] = [];
    const streaming = async () => {
      for await (const chunk of sealToStream(await input(sealed), { keys })) chunks.push(chunk);
    };
    expect((await refusal(streaming)).code).toBe('ALREADY_SEALED');
    expect(chunks).toEqual([]);
  });

  it('is sealed once more where that is said', async () => {
    const to = temp.path();
    await sealToFile(await input(sealed), to, { keys, sealAgain: true });
    const twice = await collect(sealToStream(await input(sealed), { keys, sealAgain: true }));
    for (const bytes of [await readFile(to), twice])
      expect(await collect(openToStream(bufferSource(bytes), { keys }))).toEqual(sealed);
  });
});

describe.each(Object.entries(inputs))('%s that only looks so', (_name, input) => {
  it.each([0, 1, 7, 300])('of %d bytes is sealed, whole', async (length) => {
    const plain = length === 7 ? sealed.slice(0, 7) : PLAINTEXT.slice(0, length);
    const to = temp.path();
    expect((await sealToFile(await input(plain), to, { keys })).size).toBe(length);
    expect(await collect(openToStream(to, { keys }))).toEqual(plain);
    const streamed = await collect(sealToStream(await input(plain), { keys }));
    expect(await collect(openToStream(bufferSource(streamed), { keys }))).toEqual(plain);
  });
});

it('a file or source is looked at before a key is asked', async () => {
  const key = new MemoryKey('b');
  await refusal(() => sealToFile(bufferSource(sealed), temp.path(), { keys: [key] }));
  expect(key.calls).toBe(0);
});
