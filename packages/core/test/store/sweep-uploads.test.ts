import { ObjectWriter, sweepUploads } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { refusal } from '../support/sealed.js';
import { refusedWith, times, unavailable } from './support/faults.js';
import { MemoryStore } from './support/memory-store.js';

const call = { signal: new AbortController().signal };

async function withUploads(...keys: string[]): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (const key of keys) await store.upload(key, {}, call);
  return store;
}

describe('what uploads have left that were cut off', () => {
  it('is found below a place, and given up', async () => {
    const store = await withUploads('models/a', 'models/b/c', 'models-of-others', 'x');
    const swept = await sweepUploads({ store, key: 'models' });
    expect(swept.map(({ uri, removed }) => [uri, removed])).toEqual([
      ['memory://bucket/models/a', true],
      ['memory://bucket/models/b/c', true],
    ]);
    expect([...store.uploads].map(({ key }) => key)).toEqual(['models-of-others', 'x']);
  });

  it('is all that is in a store, where no place in it is named', async () => {
    const store = await withUploads('a', 'b');
    expect(await sweepUploads({ store, key: '' })).toHaveLength(2);
    expect(store.uploads.size).toBe(0);
  });

  it('is what a writer has left that was killed; if it was not, it fails and leaves nothing', async () => {
    const store = new MemoryStore();
    const at = { store, key: 'models/m', tuning: { partBytes: 100 } };
    await using writer = await ObjectWriter.create(at, { condition: { ifAbsent: true } });
    await writer.write(new Uint8Array(450));
    expect(store.get('models/m')).toBeUndefined();
    expect(await sweepUploads({ store, key: '' })).toMatchObject([{ uri: 'memory://bucket/models/m' }]);
    expect(store.uploads.size).toBe(0);
    await refusal(() => writer.complete());
    expect(store.get('models/m')).toBeUndefined();
  });

  it('stays where it may still go on', async () => {
    const store = await withUploads('a');
    const swept = await sweepUploads({ store, key: '' }, { olderThan: new Date('2026-01-01T00:00:00Z') });
    expect(swept).toEqual([
      { uri: 'memory://bucket/a', started: '2026-01-02T03:04:05.000Z', removed: false },
    ]);
    expect(store.uploads.size).toBe(1);
  });

  it('stays where nobody knows since when, unless all is meant', async () => {
    const store = await withUploads('a');
    for (const upload of store.uploads) Object.defineProperty(upload, 'started', { value: undefined });
    expect(await sweepUploads({ store, key: '' })).toEqual([{ uri: 'memory://bucket/a', removed: false }]);
    const all = { olderThan: new Date(Date.now() + 1000) };
    expect(await sweepUploads({ store, key: '' }, all)).toEqual([
      { uri: 'memory://bucket/a', removed: true },
    ]);
  });

  it('is found although requests fail', async () => {
    const store = await withUploads('a');
    const [list, abort] = [times(2, unavailable), times(2, unavailable)];
    store.fault = ({ method }) =>
      method === 'unfinished' ? list() : method === 'abort' ? abort() : undefined;
    expect(await sweepUploads({ store, key: '' })).toMatchObject([{ removed: true }]);
  });

  it('is nothing where the store forgets by itself, and what is refused is told', async () => {
    const store = await withUploads('a');
    store.fault = () => ({ throws: refusedWith('STORE_DENIED') });
    expect(await refusal(() => sweepUploads({ store, key: '' }))).toMatchObject({ code: 'STORE_DENIED' });
    Object.defineProperty(store, 'unfinished', { value: undefined });
    expect(await sweepUploads({ store, key: '' })).toEqual([]);
  });
});
