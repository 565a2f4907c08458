import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealBundle } from '@weightseal/core';
import { load, openSafetensors, run } from '@weightseal/loader';
import { afterAll, describe, expect, test } from 'vitest';
import { MemoryStore } from '../../core/test/store/support/memory-store.js';
import { MemoryKey } from './support/memory-key.js';
import { type Plain, safetensors } from './support/safetensors.js';

const keys = [new MemoryKey()];
const code = (expected: string): Error => expect.objectContaining({ code: expected }) as Error;
const directory = await mkdtemp(join(tmpdir(), 'weightseal-loader-'));
afterAll(() => rm(directory, { recursive: true }));

const tensor = (name: string, at: number): Plain => ({
  name,
  dtype: 'U8',
  shape: [1_000_000],
  bytes: Buffer.alloc(1_000_000, at),
});
const shards = ['a', 'b'].map((shard, at) =>
  Buffer.from(safetensors(Array.from({ length: 6 }, (_, i) => tensor(`${shard}${i}`, 10 * at + i)))),
);
const index = {
  metadata: {},
  weight_map: Object.fromEntries(
    ['a', 'b'].flatMap((shard) =>
      Array.from({ length: 6 }, (_, i) => [`${shard}${i}`, `${shard}.safetensors`]),
    ),
  ),
};
await mkdir(join(directory, 'sub'));
await writeFile(join(directory, 'a.safetensors'), shards[0]!);
await writeFile(join(directory, 'b.safetensors'), shards[1]!);
await writeFile(join(directory, 'model.safetensors.index.json'), JSON.stringify(index));
await writeFile(join(directory, 'sub/config.json'), '{}');

async function stored() {
  const at = { store: new MemoryStore(), key: 'models/m' };
  await sealBundle(directory, at, { keys });
  at.store.requests.length = 0;
  return at;
}

describe.runIf(process.platform === 'linux')('a bundle in a store (on Linux)', () => {
  test('is loaded into memory', async () => {
    const at = await stored();
    const model = await load(at, { keys, digest: true });
    expect(Buffer.compare(await readFile(join(model.path, 'b.safetensors')), shards[1]!)).toBe(0);
    expect(await readFile(join(model.path, 'sub/config.json'), 'utf8')).toBe('{}');
    expect(at.store.underWay).toBe(0);
    await model.dispose();
  });

  test('is loaded in part', async () => {
    const at = await stored();
    at.store.objects.delete('models/m/a.safetensors.sealed');
    const model = await load(at, { keys, only: ['sub/*'] });
    expect(await readFile(join(model.path, 'sub/config.json'), 'utf8')).toBe('{}');
    await model.dispose();
    await expect(load(at, { keys })).rejects.toThrow(code('MEMBER_MISSING'));
  });

  test('is run', async () => {
    const command = ['sh', '-c', 'test -f "$1/a.safetensors" && cat "$1/sub/config.json"', 'sh', '{model}'];
    expect(await run(await stored(), { keys, command })).toMatchObject({ exitCode: 0 });
  });

  test('that was replaced in part leaves nothing', async () => {
    const at = await stored();
    at.store.fault = ({ method, key, offset }) => {
      if (method === 'read' && key.endsWith('a.safetensors.sealed') && offset! > 0)
        at.store.set(key, at.store.get(key)!);
      return undefined;
    };
    await expect(load(at, { keys })).rejects.toThrow(code('INPUT_CHANGED'));
    expect(at.store.underWay).toBe(0);
  });

  test('is neither a bundle nor a file where there is nothing', async () => {
    const { store } = await stored();
    await expect(load({ store, key: 'models' }, { keys })).rejects.toThrow(code('INPUT_NOT_FOUND'));
    store.set('models', Buffer.from('an object of that name'));
    await expect(load({ store, key: 'models' }, { keys })).rejects.toThrow(code('NOT_SEALED'));
  });
});

describe('tensors of a bundle in a store', () => {
  test('are there after few requests', async () => {
    const at = await stored();
    await using model = await openSafetensors(at, { keys });
    const { bytes } = await model.tensor('b3');
    expect(Buffer.compare(bytes, Buffer.alloc(1_000_000, 13))).toBe(0);
    const read = at.store.requests.filter(({ method }) => method === 'read').map(({ key }) => key);
    // The object of that name, which is not there; the header of the shard, and what is read of it.
    expect(read.filter((key) => !key.endsWith('b.safetensors.sealed'))).toEqual([
      'models/m',
      'models/m/weightseal.json',
      'models/m/weightseal.table',
      'models/m/model.safetensors.index.json.sealed',
    ]);
    expect(at.store.count()).toBeLessThanOrEqual(10);
  });
});
