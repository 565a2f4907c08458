import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { bufferSource, type StoreLocation, sealToStream } from '@weightseal/core';
import { load, openSafetensors, run } from '@weightseal/loader';
import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../core/test/store/support/memory-store.js';
import { MemoryKey } from './support/memory-key.js';
import { type Plain, safetensors } from './support/safetensors.js';

const keys = [new MemoryKey()];
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

async function stored(
  plain: Uint8Array,
  options: { segmentLength?: number; name?: string } = {},
): Promise<{ store: MemoryStore; at: StoreLocation }> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of sealToStream(bufferSource(plain), { keys, ...options })) chunks.push(chunk);
  const store = new MemoryStore();
  store.set('models/small.gguf.sealed', Buffer.concat(chunks));
  return { store, at: { store, key: 'models/small.gguf.sealed' } };
}

const plaintext = Buffer.alloc(9_000_001, 'weights');

describe.runIf(process.platform === 'linux')('a sealed file in a store (on Linux)', () => {
  test('is loaded into memory', async () => {
    const { store, at } = await stored(plaintext);
    const model = await load(at, { keys, digest: true });
    expect(basename(model.path)).toBe('small.gguf');
    expect(Buffer.compare(await readFile(model.path), plaintext)).toBe(0);
    expect(store.underWay).toBe(0);
    await model.dispose();
  });

  test('is read as its own options say', async () => {
    const { store, at } = await stored(plaintext, { segmentLength: 65_536 });
    const model = await load(at, { keys, concurrency: 2, requestBytes: 300_000 });
    expect(store.most).toBe(2);
    expect(Math.max(...store.requests.map(({ length = 0 }) => length))).toBe(4 * 65_536);
    await model.dispose();
  });

  test('is run', async () => {
    const { at } = await stored(plaintext);
    const command = ['sh', '-c', 'test "$(wc -c < "$1")" = 9000001', 'sh', '{model}'];
    expect(await run(at, { keys, command })).toMatchObject({ exitCode: 0, size: 9_000_001 });
  });

  test('that is not there is told, and nothing is left', async () => {
    const { store } = await stored(plaintext);
    await expect(load({ store, key: 'other' }, { keys })).rejects.toThrow(code('INPUT_NOT_FOUND') as Error);
    const once = await stored(plaintext);
    once.store.fault = ({ offset }) => {
      if (offset! > 4_000_000) once.store.set('models/small.gguf.sealed', plaintext);
      return undefined;
    };
    await expect(load(once.at, { keys })).rejects.toThrow(code('INPUT_CHANGED') as Error);
    expect(once.store.underWay).toBe(0);
  });
});

describe('tensors in a store', () => {
  const tensors = Array.from(
    { length: 24 },
    (_, i): Plain => ({ name: `t${i}`, dtype: 'U8', shape: [1_000_000], bytes: Buffer.alloc(1_000_000, i) }),
  );

  test('the first of them is there after five requests', async () => {
    const { store, at } = await stored(safetensors(tensors));
    await using file = await openSafetensors(at, { keys });
    const { bytes } = await file.tensor('t17');
    expect(Buffer.compare(bytes, tensors[17]!.bytes)).toBe(0);
    expect(store.count()).toBeLessThanOrEqual(5);
    await file.close();
    expect(store.underWay).toBe(0);
  });
});
