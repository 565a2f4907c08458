import { copySealed, sealBundle, sweepStore } from '@weightseal/core';
import { expect, it } from 'vitest';
import { refusedWith } from '../store/support/faults.js';
import { MemoryStore } from '../store/support/memory-store.js';
import { writeTree } from '../support/bundles.js';
import { MemoryKey } from '../support/memory-key.js';
import { refusal } from '../support/sealed.js';
import { temporary } from '../support/temporary.js';

const temp = await temporary();
const keys = [new MemoryKey('a')];
const bundle = temp.path('bundle');
await sealBundle(await writeTree(await temp.directory(), [['w', 'weights']]), bundle, { keys });

const names = (store: MemoryStore) => [...store.objects.keys()].sort();

it('finds what was cut off below a place, and removes it once it is old enough', async () => {
  const store = new MemoryStore();
  await copySealed(bundle, { store, key: 'top/whole' });
  store.set('top/whole/weightseal.sealing', Buffer.from('{}'));
  store.fault = ({ method, key }) =>
    method === 'put' && key.endsWith('.table') ? { throws: refusedWith('STORE_DENIED') } : undefined;
  await refusal(() => copySealed(bundle, { store, key: 'top/deep/half' }));
  store.fault = () => undefined;
  await store.upload('top/file', {}, { signal: new AbortController().signal });
  await store.upload('topple', {}, { signal: new AbortController().signal });
  const kept = ['memory://bucket/top/deep/half'];
  // The mark of a copy is of now, and what the store tells of uploads is old.
  expect(await sweepStore({ store, key: 'top' })).toEqual({
    removed: ['memory://bucket/top/whole/weightseal.sealing', 'memory://bucket/top/file'],
    kept,
  });
  expect(await sweepStore({ store, key: 'top' })).toEqual({ removed: [], kept });
  expect(await sweepStore({ store, key: 'top' }, { minAgeMs: 0 })).toEqual({ removed: kept, kept: [] });
  expect(names(store)).toEqual(
    ['w.sealed', 'weightseal.json', 'weightseal.manifest.json', 'weightseal.table'].map(
      (name) => `top/whole/${name}`,
    ),
  );
  expect(store.uploads.size).toBe(1);
});

it('is told by a store that is only read', async () => {
  const store = new MemoryStore();
  Object.defineProperty(store, 'put', { value: undefined });
  expect((await refusal(() => sweepStore({ store, key: '' }))).code).toBe('STORE_UNSUPPORTED');
});

it('leaves bundles alone that lie below one that was cut off', async () => {
  const store = new MemoryStore();
  store.set('top/weightseal.sealing', Buffer.from('{"id":"x","started":"2026-01-02T03:04:05.000Z"}'));
  store.set('top/w.sealed', Buffer.from('of the one that was cut off'));
  await copySealed(bundle, { store, key: 'top/v1' });
  await copySealed(bundle, { store, key: 'top/deep/v2' });
  const { removed } = await sweepStore({ store, key: '' }, { minAgeMs: 0 });
  expect(removed).toEqual(['memory://bucket/top']);
  expect(names(store)).toEqual(
    ['deep/v2', 'v1'].flatMap((prefix) =>
      ['w.sealed', 'weightseal.json', 'weightseal.manifest.json', 'weightseal.table'].map(
        (name) => `top/${prefix}/${name}`,
      ),
    ),
  );
});
