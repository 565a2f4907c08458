import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectBundle, openBundle, type StoreLocation, sealBundle, verifyBundle } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { treeOf } from '../support/bundles.js';
import { MemoryKey } from '../support/memory-key.js';
import { collect, pattern } from '../support/sealed.js';
import { temporary } from '../support/temporary.js';
import { codeOf, copyIn, model, placeIn } from './support/bundles.js';
import { MemoryStore } from './support/memory-store.js';

const files = await temporary();
const keys = [new MemoryKey('bundles in stores')];

const source = await model(files);
const sealed = files.path('sealed');
await sealBundle(source, sealed, { keys, public: ['config.json', 'vocab.bin'], context: { model: 'm' } });

async function inStore(): Promise<StoreLocation & { readonly store: MemoryStore }> {
  const place = placeIn();
  await copyIn(sealed, place.store, place.key);
  place.store.set('models/m2/else', pattern(10));
  return place;
}

/** A store that lists nothing, as a web server. */
function withoutList({ store, ...rest }: StoreLocation): StoreLocation {
  const { uri } = store;
  return {
    ...rest,
    store: {
      uri,
      stat: (...call) => store.stat(...call),
      read: (...call) => store.read(...call),
      close: () => store.close(),
    },
  };
}

describe('a bundle in a store', () => {
  it('opens to what was sealed', async () => {
    const place = await inStore();
    const to = files.path('opened');
    await using bundle = await openBundle(place, { keys, context: { model: 'm' } });
    const opened = await bundle.openTo(to, { digest: true });
    expect(opened).toMatchObject({ members: 10, digestVerified: true, extra: [] });
    await chmod(join(to, 'run.sh'), 0o755);
    expect(await treeOf(to)).toEqual(await treeOf(source));
    expect(place.store.underWay).toBe(0);
  });

  it('is read in parts, by few requests', async () => {
    const place = await inStore();
    await using bundle = await openBundle(place, { keys });
    expect(place.store.requests.map(({ method, key }) => `${method} ${key}`).sort()).toEqual([
      'list models/m/',
      'read models/m/weightseal.json',
      'read models/m/weightseal.table',
    ]);
    place.store.requests.length = 0;
    expect(await bundle.read('onnx/config.json', 1, 3)).toEqual(new Uint8Array(Buffer.from('"a"')));
    expect(place.store.count()).toBe(1);
    const part = await bundle.read('model.safetensors', 2_000_000, 10);
    expect(part).toEqual(pattern(5_000_000).slice(2_000_000, 2_000_010));
    expect(place.store.count()).toBe(3);
    const streamed = await collect(bundle.stream('model.safetensors', { start: 1_000_000 }));
    expect(Buffer.compare(streamed, pattern(5_000_000).slice(1_000_000))).toBe(0);
  });

  it('is opened whole by one request for each small member', async () => {
    const place = await inStore();
    await using bundle = await openBundle(place, { keys });
    place.store.requests.length = 0;
    await bundle.openTo(files.path('few'), { only: ['config.json', 'run.sh', 'nothing', 'onnx/deep/*'] });
    expect(place.store.count()).toBe(4);
    expect(place.store.count('read')).toBe(4);
  });

  it('reads only what is wanted, and nothing else need be there', async () => {
    const place = await inStore();
    place.store.objects.delete('models/m/model.safetensors.sealed');
    await using bundle = await openBundle(place, { keys });
    await bundle.openTo(files.path('only'), { only: ['run.sh'] });
    expect(await codeOf(bundle.openTo(files.path('all')))).toBe('MEMBER_MISSING');
    const read = new Set(
      place.store.requests.filter(({ method }) => method === 'read').map(({ key }) => key),
    );
    expect([...read]).toEqual([
      'models/m/weightseal.json',
      'models/m/weightseal.table',
      'models/m/run.sh.sealed',
    ]);
  });

  it('is verified, and shows what lies there', async () => {
    const place = await inStore();
    expect(await verifyBundle(place, { keys })).toMatchObject({ members: 10, digestVerified: true });
    const [there, here] = [await inspectBundle(place), await inspectBundle(sealed)];
    expect({ ...there, files: [...there.files].sort((a, b) => (a.path < b.path ? -1 : 1)) }).toEqual(here);
  });

  it('may lie in all of a store, and beside the marks of consoles', async () => {
    const store = new MemoryStore();
    for (const [name, held] of (await inStore()).store.objects)
      if (name.startsWith('models/m/')) store.set(name.slice('models/m/'.length), held.bytes);
    store.set('onnx/', new Uint8Array(0));
    store.set('weightseal.sealing', pattern(10));
    await verifyBundle({ store, key: '' }, { keys });
    store.set('onnx/none/', new Uint8Array(0));
    expect(await codeOf(verifyBundle({ store, key: '' }, { keys }))).toBe('MEMBER_EXTRA');
  });

  it('that comes to its end while it is listed is opened', async () => {
    const place = await inStore();
    const name = at('run.sh.sealed');
    const bytes = place.store.get(name)!;
    place.store.objects.delete(name);
    place.store.fault = ({ key }) => {
      if (key.endsWith('weightseal.table')) place.store.set(name, bytes);
      return undefined;
    };
    await verifyBundle(place, { keys });
    expect(place.store.count('list')).toBe(2);
  });

  it('comes in many pages', async () => {
    const store = new MemoryStore({ page: 2 });
    await copyIn(sealed, store, 'models/m');
    await verifyBundle({ store, key: 'models/m' }, { keys });
    expect(store.count('list')).toBe(5);
  });
});

type Change = (store: MemoryStore) => void;
const at = (name: string): string => `models/m/${name}`;
const flip =
  (name: string, offset: number): Change =>
  (store) => {
    const bytes = store.get(at(name))!.slice();
    bytes[offset < 0 ? bytes.length + offset : offset]! ^= 1;
    store.set(at(name), bytes);
  };
const swap =
  (a: string, b: string): Change =>
  (store) => {
    const [one, other] = [store.get(at(a))!, store.get(at(b))!];
    store.set(at(a), other);
    store.set(at(b), one);
  };

describe('a bundle in a store is refused when', () => {
  it.each<[string, Change, string]>([
    ['there is nothing', (store) => store.objects.clear(), 'NOT_SEALED'],
    ['the envelope is gone', (store) => store.objects.delete(at('weightseal.json')), 'NOT_SEALED'],
    ['the table is gone', (store) => store.objects.delete(at('weightseal.table')), 'MEMBER_MISSING'],
    ['a payload is gone', (store) => store.objects.delete(at('run.sh.sealed')), 'MEMBER_MISSING'],
    [
      'a large payload is gone',
      (store) => store.objects.delete(at('model.safetensors.sealed')),
      'MEMBER_MISSING',
    ],
    ['an object is more', (store) => store.set(at('pytorch_model.bin'), pattern(3)), 'MEMBER_EXTRA'],
    ['an object is more, deeper', (store) => store.set(at('onnx/x'), pattern(3)), 'MEMBER_EXTRA'],
    ['an object has the name of a directory', (store) => store.set(at('onnx'), pattern(3)), 'MEMBER_EXTRA'],
    ['an object has no name', (store) => store.set(at(''), pattern(3)), 'MEMBER_EXTRA'],
    ['two payloads are exchanged', swap('nothing.sealed', 'run.sh.sealed'), 'MEMBER_TAMPERED'],
    ['a payload is longer', (store) => store.set(at('run.sh.sealed'), pattern(300)), 'MEMBER_TAMPERED'],
    ['a payload is changed', flip('run.sh.sealed', -1), 'MEMBER_TAMPERED'],
    ['the header of a payload is changed', flip('run.sh.sealed', 20), 'MEMBER_TAMPERED'],
    ['a large payload is changed', flip('model.safetensors.sealed', 3_000_000), 'MEMBER_TAMPERED'],
    ['the header of a large payload is changed', flip('model.safetensors.sealed', 5), 'MEMBER_TAMPERED'],
    ['a public member is changed', flip('config.json', 2), 'MEMBER_TAMPERED'],
    ['a large public member is changed', flip('vocab.bin', 4_999_999), 'MEMBER_TAMPERED'],
    ['the table is changed', flip('weightseal.table', 200), 'TABLE_TAMPERED'],
    ['the table is longer', (store) => store.set(at('weightseal.table'), pattern(5000)), 'TABLE_TAMPERED'],
    [
      'the envelope is too long',
      (store) => store.set(at('weightseal.json'), pattern(70_000)),
      'ENVELOPE_INVALID',
    ],
    [
      'the envelope is empty',
      (store) => store.set(at('weightseal.json'), new Uint8Array(0)),
      'ENVELOPE_INVALID',
    ],
  ])('%s', async (_what, change, expected) => {
    const place = await inStore();
    change(place.store);
    expect(await codeOf(verifyBundle(place, { keys }))).toBe(expected);
    expect(place.store.underWay).toBe(0);
  });

  it.each(['run.sh.sealed', 'model.safetensors.sealed', 'config.json', 'vocab.bin'])(
    '%s is replaced between the listing and the read',
    async (name) => {
      const place = await inStore();
      await using bundle = await openBundle(place, { keys });
      place.store.set(at(name), place.store.get(at(name))!);
      const to = files.path('changed');
      expect(await codeOf(bundle.openTo(to))).toBe('INPUT_CHANGED');
      await expect(readFile(to)).rejects.toThrow('ENOENT');
    },
  );

  it('the store does not say what it has, and may not be asked', async () => {
    const place = await inStore();
    place.store.fault = ({ method }) =>
      method === 'list' ? { throws: Object.assign(new Error('no'), {}) } : undefined;
    expect(await codeOf(openBundle(place, { keys }))).toBe('STORE_UNAVAILABLE');
  });
});

describe('a bundle on a web server, which lists nothing', () => {
  it('opens to what was sealed', async () => {
    const to = files.path('from the web');
    await using bundle = await openBundle(withoutList(await inStore()), { keys });
    await bundle.openTo(to, { digest: true });
    await chmod(join(to, 'run.sh'), 0o755);
    expect(await treeOf(to)).toEqual(await treeOf(source));
  });

  it('never sees what else is there, and says what is missing when it is its turn', async () => {
    const place = await inStore();
    place.store.set(at('more'), pattern(3));
    await verifyBundle(withoutList(place), { keys });
    expect(place.store.requests.every(({ key }) => key !== at('more'))).toBe(true);
    for (const name of ['run.sh.sealed', 'model.safetensors.sealed', 'vocab.bin']) {
      const bytes = place.store.get(at(name))!;
      place.store.objects.delete(at(name));
      expect(await codeOf(verifyBundle(withoutList(place), { keys }))).toBe('MEMBER_MISSING');
      place.store.set(at(name), bytes.slice(1));
      expect(await codeOf(verifyBundle(withoutList(place), { keys }))).toBe('MEMBER_TAMPERED');
      place.store.set(at(name), bytes);
    }
  });

  it('shows that its objects are not known', async () => {
    expect(await inspectBundle(withoutList(await inStore()))).toMatchObject({ files: [], unlisted: true });
  });
});
