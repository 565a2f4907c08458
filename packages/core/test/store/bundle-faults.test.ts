import { dirname } from 'node:path';
import { openBundle, sealBundle, verifyBundle } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { MemoryKey } from '../support/memory-key.js';
import { pattern } from '../support/sealed.js';
import { everythingIn, temporary } from '../support/temporary.js';
import { codeOf, copyIn, model, namesIn, placeIn } from './support/bundles.js';
import { type Fault, refusedWith, throttled, times, unavailable } from './support/faults.js';
import { MemoryStore, type Request } from './support/memory-store.js';

const files = await temporary();
const keys = [new MemoryKey('bundles in stores')];
const source = await model(files);
const sealed = files.path('sealed');
await sealBundle(source, sealed, { keys, public: ['config.json', 'vocab.bin'] });

async function inStore(store = new MemoryStore()) {
  const place = { ...placeIn(store), tuning: { attempts: 4, requestBytes: 1_048_576 } };
  await copyIn(sealed, store, place.key);
  return place;
}

describe('a bundle in a store', () => {
  it('is what was sealed although every request fails once', async () => {
    const place = await inStore();
    const failed = new Set<string>();
    const once =
      (fault: Fault) =>
      ({ method, key, offset = 0 }: Request): Fault | undefined => {
        const name = `${method} ${key} ${Math.floor(offset / 1_048_576)}`;
        if (failed.has(name)) return undefined;
        failed.add(name);
        return fault;
      };
    for (const fault of [unavailable, { resetAfter: 50 }, { short: 1 }]) {
      failed.clear();
      place.store.fault = once(fault);
      expect(await verifyBundle(place, { keys })).toMatchObject({ members: 10, digestVerified: true });
    }
    expect(place.store.underWay).toBe(0);
  });

  it('is listed anew when its listing fails on its way', async () => {
    const store = new MemoryStore({ page: 2 });
    const place = await inStore(store);
    store.fault = ({ method, count }) => (method === 'list' && count === 2 ? unavailable : undefined);
    await verifyBundle(place, { keys });
    expect(store.count('list')).toBe(8);
  });

  it('may be slow to be listed', async () => {
    const place = await inStore();
    place.store.fault = times(2, throttled);
    await verifyBundle(place, { keys });
  });

  it('whose listing never answers ends in its time', async () => {
    const place = await inStore();
    const tuning = { requestTimeoutMs: 20, attempts: 2 };
    place.store.fault = ({ method }) => (method === 'list' ? { hang: true } : undefined);
    expect(await codeOf(openBundle({ ...place, tuning }, { keys }))).toBe('STORE_TIMEOUT');
    expect(place.store.underWay).toBe(0);
  });

  it.each(['STORE_DENIED', 'STORE_RESPONSE_INVALID'] as const)(
    'that may not be listed is not opened: %s',
    async (code) => {
      const place = await inStore();
      place.store.fault = ({ method }) => (method === 'list' ? { throws: refusedWith(code) } : undefined);
      expect(await codeOf(openBundle(place, { keys }))).toBe(code);
    },
  );

  it('of a store that says that it lists nothing is opened without', async () => {
    const place = await inStore();
    place.store.fault = ({ method }) =>
      method === 'list' ? { throws: refusedWith('STORE_UNSUPPORTED') } : undefined;
    await verifyBundle(place, { keys });
  });

  it('has besides what is allowed, and says what that is', async () => {
    const place = await inStore();
    place.store.set('models/m/README.md', pattern(10));
    place.store.set('models/m/onnx/x', pattern(10));
    expect(await codeOf(verifyBundle(place, { keys, allowExtra: ['README.md'] }))).toBe('MEMBER_EXTRA');
    const { extra } = await verifyBundle(place, { keys, allowExtra: ['README.md', 'onnx/**'] });
    expect(extra).toEqual(['README.md', 'onnx/x']);
  });

  it('is given up at once when that is asked for', async () => {
    for (const stopAt of ['list', 'weightseal.json', 'weightseal.table', 'run.sh', 'model.safetensors']) {
      const place = await inStore();
      const stop = new AbortController();
      place.store.fault = ({ method, key }) => {
        if (method !== stopAt && !key.includes(stopAt)) return undefined;
        setImmediate(() => stop.abort());
        return { hang: true };
      };
      const { signal } = stop;
      expect([stopAt, await codeOf(verifyBundle(place, { keys, signal }))]).toEqual([stopAt, 'ABORTED']);
      expect(place.store.underWay).toBe(0);
    }
  });

  it('is closed while it is read, and leaves nothing under way', async () => {
    const place = await inStore();
    const bundle = await openBundle(place, { keys });
    place.store.fault = ({ method }) => (method === 'read' ? { stallAfter: 10 } : undefined);
    const to = files.path('closed');
    const opening = codeOf(bundle.openTo(to));
    const reading = codeOf(bundle.read('model.safetensors', 0, 10));
    await bundle.close();
    expect([await opening, await reading]).toEqual(['INVALID_ARGUMENT', 'INVALID_ARGUMENT']);
    expect(place.store.underWay).toBe(0);
    expect((await everythingIn(dirname(to))).filter((name) => name.includes('closed'))).toEqual([]);
  });

  it('asks no more at once than it may', async () => {
    const place = await inStore();
    await verifyBundle({ ...place, tuning: { concurrency: 3, requestBytes: 262_144 } }, { keys });
    expect(place.store.most).toBeLessThanOrEqual(3);
  });
});

describe('a bundle that is sealed to a store', () => {
  it('is there although requests fail, and none of them is made in vain', async () => {
    // Several are under way: one of them may be the third again and again.
    const to = { ...placeIn(), tuning: { attempts: 12, partBytes: 1_048_576 } };
    let at = 0;
    to.store.fault = () => (at++ % 3 === 1 ? unavailable : undefined);
    await sealBundle(source, to, { keys });
    to.store.fault = () => undefined;
    expect(await verifyBundle(to, { keys })).toMatchObject({ members: 10 });
    expect(to.store.uploads.size).toBe(0);
  });

  it('is there although the answers to what makes objects visible are lost', async () => {
    const to = { ...placeIn(), tuning: { attempts: 4, partBytes: 1_048_576 } };
    const lost = new Set<string>();
    to.store.fault = ({ method, key }) => {
      if (!['put', 'complete'].includes(method) || lost.has(key)) return undefined;
      lost.add(key);
      return { lost: refusedWith('STORE_UNAVAILABLE') };
    };
    await sealBundle(source, to, { keys });
    await verifyBundle(to, { keys });
    expect(namesIn(to)).not.toContain('weightseal.sealing');
  });

  it('needs a store that can be written to and listed', async () => {
    const { uri, ...methods } = {
      uri: 'x://y',
      stat: async () => Promise.reject(),
      read: async () => Promise.reject(),
    };
    const store = { uri, ...methods, close: () => Promise.resolve() };
    expect(await codeOf(sealBundle(source, { store, key: 'm' }, { keys }))).toBe('STORE_UNSUPPORTED');
  });
});
