import {
  inspectBundle,
  openBundle,
  resealBundle,
  rewrapBundle,
  sealBundle,
  verifyBundle,
} from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { copyOf, treeOf } from '../support/bundles.js';
import { keyWith, MemoryKey } from '../support/memory-key.js';
import { temporary } from '../support/temporary.js';
import { codeOf, copyIn, model, namesIn, placeIn } from './support/bundles.js';
import { refusedWith } from './support/faults.js';
import { MemoryStore } from './support/memory-store.js';

const files = await temporary();
const [key, other] = [new MemoryKey('one'), new MemoryKey('other')];
const keys = [key];
const source = await model(files);
const sealed = files.path('sealed');
await sealBundle(source, sealed, { keys, public: ['config.json', 'vocab.bin'], context: { model: 'm' } });

async function inStore() {
  const place = placeIn();
  await copyIn(sealed, place.store, place.key);
  return place;
}

describe('a rewrap of a bundle in a store', () => {
  it('reads and writes the envelope, and nothing else', async () => {
    const place = await inStore();
    expect(await rewrapBundle(place, { keys, add: [other] })).toMatchObject({ generation: 2 });
    expect(place.store.requests.map(({ method, key }) => `${method} ${key}`)).toEqual([
      'read models/m/weightseal.json',
      'put models/m/weightseal.json',
      'read models/m/weightseal.json',
    ]);
    await verifyBundle(place, { keys: [other] });
    await rewrapBundle(place, { keys: [other], remove: [key.uri] });
    expect(await codeOf(verifyBundle(place, { keys }))).toBe('UNWRAP_REJECTED');
    expect((await inspectBundle(place)).recipients).toHaveLength(1);
  });

  it('of which there are two at once, is told to one of them', async () => {
    const place = await inStore();
    const both = await Promise.all([
      codeOf(rewrapBundle(place, { keys, add: [other] })),
      codeOf(rewrapBundle(place, { keys, add: [new MemoryKey('third')] })),
    ]);
    expect(both.sort()).toEqual(['INPUT_CHANGED', undefined]);
    expect(await inspectBundle(place)).toMatchObject({ generation: 2 });
    await verifyBundle(place, { keys });
  });

  it('is done when only its answer was lost', async () => {
    const place = await inStore();
    place.store.fault = ({ method, count }) =>
      method === 'put' && count === 0 ? { lost: refusedWith('STORE_UNAVAILABLE') } : undefined;
    expect(await rewrapBundle(place, { keys, add: [other] })).toMatchObject({ generation: 2 });
    await verifyBundle(place, { keys: [other] });
  });

  it('changes nothing of what is no bundle, or has another context', async () => {
    const place = await inStore();
    expect(await codeOf(rewrapBundle({ ...place, key: 'none' }, { keys, add: [other] }))).toBe('NOT_SEALED');
    const wrong = rewrapBundle(place, { keys, add: [other], context: { model: 'n' } });
    expect(await codeOf(wrong)).toBe('CONTEXT_MISMATCH');
    expect(place.store.count('put')).toBe(0);
  });

  it('ends when it is aborted while a key is asked', async () => {
    const place = await inStore();
    const stop = new AbortController();
    const slow = keyWith('slow', {
      wrap: () => {
        stop.abort();
        return new Promise(() => {});
      },
    });
    const work = rewrapBundle(place, { keys, add: [slow], signal: stop.signal });
    expect(await codeOf(work)).toBe('ABORTED');
    expect(place.store.count('put')).toBe(0);
  });
});

describe('a reseal to a store', () => {
  it.each([
    ['from a store', inStore],
    ['from a directory', async () => sealed],
  ])('%s gives all of it new keys, and leaves the old one', async (_what, from) => {
    const old = await from();
    const to = placeIn(new MemoryStore(), 'models/new');
    const before = await inspectBundle(old);
    const done = await resealBundle(old, { keys: [key, other], add: [other], output: to });
    expect(done).toMatchObject({ members: 10, resumed: 0 });
    expect(done.recipients).toHaveLength(2);
    expect(await inspectBundle(old)).toEqual(before);
    const opened = files.path('opened');
    await using bundle = await openBundle(to, { keys: [other], context: { model: 'm' } });
    await bundle.openTo(opened, { digest: true });
    expect(await treeOf(opened)).toEqual(await treeOf(await copyOf(source, files.path('copy'))));
    await using was = await openBundle(old, { keys });
    for (const member of bundle.members()) {
      const its = was.member(member.path);
      expect(its).toEqual(member);
    }
    expect((await inspectBundle(to)).id).not.toBe(before.id);
    expect(namesIn(to)).not.toContain('weightseal.sealing');
  });

  it('needs a place of its own', async () => {
    const place = await inStore();
    expect(await codeOf(resealBundle(place, { keys }))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(resealBundle(place, { keys, output: place }))).toBe('OUTPUT_EXISTS');
    await verifyBundle(place, { keys });
  });

  it.each(['model.safetensors.sealed', 'vocab.bin', 'run.sh.sealed', 'config.json'])(
    'leaves nothing where %s is not what was sealed',
    async (name) => {
      const place = await inStore();
      const bytes = place.store.get(`models/m/${name}`)!.slice();
      bytes[bytes.length - 1]! ^= 1;
      place.store.set(`models/m/${name}`, bytes);
      const to = placeIn(place.store, 'models/new');
      expect(await codeOf(resealBundle(place, { keys, output: to }))).toBe('MEMBER_TAMPERED');
      expect([namesIn(to), to.store.uploads.size]).toEqual([[], 0]);
    },
  );
});
