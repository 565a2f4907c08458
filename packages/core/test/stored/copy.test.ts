import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  bufferSource,
  copySealed,
  type Progress,
  rewrap,
  type StoreLocation,
  sealBundle,
  sealToFile,
  verifyBundle,
  verifyManifest,
} from '@weightseal/core';
import { afterEach, describe, expect, it } from 'vitest';
import { refusedWith, times, unavailable } from '../store/support/faults.js';
import { MemoryStore } from '../store/support/memory-store.js';
import { treeOf, writeTree } from '../support/bundles.js';
import { settled } from '../support/held-key.js';
import { MemoryKey } from '../support/memory-key.js';
import { pattern, refusal, sealBytes } from '../support/sealed.js';
import { everythingIn, temporary } from '../support/temporary.js';

const codeOf = async (attempt: () => Promise<unknown>) => (await refusal(attempt)).code;

const MIB = 1_048_576;
const temp = await temporary();
const keys = [new MemoryKey('a')];
const sealed = await sealBytes(pattern(3 * MIB + 1), { keys, context: { model: 'm' } });
const other = await sealBytes(pattern(3 * MIB + 1), { keys, context: { model: 'm' } });

/** With a payload of several parts, small ones, one that everybody can read, and a directory in it. */
const bundle = temp.path('bundle');
await sealBundle(
  await writeTree(await temp.directory(), [
    ['model-1.safetensors', pattern(3 * MIB)],
    ['model-2.safetensors', pattern(2 * MIB + 5)],
    ['onnx/model.onnx', pattern(1000)],
    ['config.json', `{"a":"${'b'.repeat(100_000)}"}`],
  ]),
  bundle,
  { keys, public: ['*.json'] },
);
const tree = await treeOf(bundle);
const NAMES = [
  'config.json',
  'model-1.safetensors.sealed',
  'model-2.safetensors.sealed',
  'onnx/model.onnx.sealed',
  'weightseal.json',
  'weightseal.manifest.json',
  'weightseal.table',
];

const stores: MemoryStore[] = [];
afterEach(async () => {
  await settled();
  for (const store of stores.splice(0)) {
    expect(store.underWay, 'requests left under way').toBe(0);
    expect(store.uploads.size, 'uploads left').toBe(0);
  }
});

function storeAt(key: string, uri = 'memory://bucket'): { store: MemoryStore; at: StoreLocation } {
  const store = new MemoryStore({ uri });
  stores.push(store);
  const tuning = { requestBytes: 300_000, partBytes: MIB, requestTimeoutMs: 1000, attempts: 2 };
  return { store, at: { store, key, tuning } };
}

const namesIn = (store: MemoryStore) => [...store.objects.keys()].sort();

describe('a sealed file', () => {
  it('is copied as it lies there, between disks and stores', async () => {
    const path = temp.path('m.sealed');
    await writeFile(path, sealed);
    const first = storeAt('models/m.sealed');
    const second = storeAt('m', 'memory://another');
    const back = temp.path('back');
    const told = { kind: 'file', copied: 1, present: 0, sealedSize: sealed.length, public: [] };
    expect(await copySealed(path, first.at)).toEqual(told);
    expect(await copySealed(first.at, second.at)).toEqual(told);
    expect(await copySealed(second.at, back)).toEqual(told);
    expect(await copySealed(back, temp.path('again'))).toEqual(told);
    expect(Buffer.compare(await readFile(back), sealed)).toBe(0);
    expect(first.store.count('part')).toBe(Math.ceil(sealed.length / MIB));
  });

  describe('with its manifest and its signature', () => {
    const SIGNATURE = JSON.stringify({ mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' });
    const sig = 'm.sealed.weightseal.sig';
    async function signed() {
      const made = storeAt('m.sealed');
      await sealToFile(bufferSource(pattern(1000)), made.at, { keys });
      made.store.set(sig, Buffer.from(SIGNATURE));
      return made;
    }

    it('takes them along, after itself', async () => {
      const { at } = await signed();
      const [all, back, copy] = [{ copied: 3, present: 0 }, temp.path('m'), storeAt('n')];
      expect(await copySealed(at, copy.at)).toMatchObject(all);
      expect(copy.store.requests.find(({ method }) => method === 'put')?.key).toBe('n');
      expect(await copySealed(copy.at, back)).toMatchObject(all);
      expect(await copySealed(back, temp.path())).toMatchObject(all);
      await verifyManifest(back);
      expect(await readFile(`${back}.weightseal.sig`, 'utf8')).toBe(SIGNATURE);
      expect(await copySealed(copy.at, back)).toMatchObject({ copied: 0, present: 3 });
      // Who may not list is told so of what is not there.
      copy.store.fault = ({ key }) => (key === 'n' ? undefined : { throws: refusedWith('STORE_DENIED') });
      expect(await copySealed(copy.at, temp.path())).toMatchObject({ copied: 1 });
    });

    it.each(['disk', 'store'])('is refused before it is there where others lie, on a %s', async (where) => {
      const { at } = await signed();
      const [path, to] = [temp.path('m'), storeAt('n')];
      if (where === 'disk') await writeFile(`${path}.weightseal.sig`, 'another');
      else to.store.set('n.weightseal.sig', Buffer.from('another'));
      const copy = (overwrite: boolean) => copySealed(at, where === 'disk' ? path : to.at, { overwrite });
      expect(await codeOf(() => copy(false))).toBe('OUTPUT_EXISTS');
      expect(where === 'disk' ? existsSync(path) : to.store.objects.has('n')).toBe(false);
      expect(await copy(true)).toMatchObject({ copied: 3 });
    });

    it('leaves what only has their names', async () => {
      const [path, made] = [temp.path('m'), await signed()];
      await copySealed(made.at, path);
      await rm(`${path}.weightseal.sig`);
      await writeFile(`${path}-secret`, 'a key of somebody');
      await symlink(`${path}-secret`, `${path}.weightseal.sig`);
      expect(await copySealed(path, temp.path())).toMatchObject({ copied: 2 });
      await writeFile(`${path}.weightseal.manifest.json`, 'weights in the clear');
      expect(await copySealed(path, temp.path())).toMatchObject({ copied: 1 });
      made.store.set('m.sealed.weightseal.manifest.json', pattern(2 * MIB));
      expect(await copySealed(made.at, temp.path())).toMatchObject({ copied: 1 });
    });
  });

  it('is not sent through here where the store copies', async () => {
    const { store, at } = storeAt('m');
    store.set('m', sealed);
    await copySealed(at, { ...at, key: 'n' });
    expect(Buffer.compare(store.get('n')!, sealed)).toBe(0);
    expect(store.count('part')).toBe(0);
    expect(store.count('copy')).toBeGreaterThan(0);
    const read = store.requests.filter(({ method }) => method === 'read').map(({ length }) => length!);
    expect(read.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(131_072);
  });

  it('is not taken for copied where the last answer is lost and another of the same size is still there', async () => {
    const { store, at } = storeAt('m');
    store.set('m', sealed);
    store.set('n', other);
    store.fault = ({ method }) => (method === 'complete' ? unavailable : undefined);
    const code = await codeOf(() => copySealed(at, { ...at, key: 'n' }, { overwrite: true }));
    expect(code).toBe('STORE_UNAVAILABLE');
    expect(Buffer.compare(store.get('n')!, other)).toBe(0);
    let lost = 1;
    store.fault = ({ method }) =>
      method === 'complete' && lost-- > 0 ? { lost: refusedWith('STORE_RESPONSE_INVALID') } : undefined;
    expect(await copySealed(at, { ...at, key: 'n' }, { overwrite: true })).toMatchObject({ copied: 1 });
    expect(Buffer.compare(store.get('n')!, sealed)).toBe(0);
  });

  it('goes through here where a store does not know how to copy after all', async () => {
    const { store, at } = storeAt('m');
    store.set('m', sealed);
    store.fault = ({ method }) =>
      method === 'copy' ? { throws: refusedWith('STORE_UNSUPPORTED') } : undefined;
    await copySealed(at, { ...at, key: 'n' });
    expect(Buffer.compare(store.get('n')!, sealed)).toBe(0);
  });

  it('is not copied again where it is', async () => {
    const { store, at } = storeAt('n');
    store.set('n', sealed);
    const path = temp.path('m.sealed');
    await writeFile(path, sealed);
    expect(await copySealed(path, at)).toMatchObject({ copied: 0, present: 1 });
    expect(await copySealed(at, path)).toMatchObject({ copied: 0, present: 1 });
    expect(store.count('put') + store.count('upload')).toBe(0);
  });

  it('of many keys is another after a rewrap that was cut off, which changed what is far behind its beginning', async () => {
    const many = Array.from({ length: 32 }, (_, at) => new MemoryKey(`${at}${'k'.repeat(1500)}`));
    const path = temp.path('many.sealed');
    await writeFile(path, await sealBytes(pattern(100_000), { keys: many }));
    const { store, at } = storeAt('n');
    await copySealed(path, at);
    const before = store.get('n')!;
    await rewrap(path, { keys: many });
    const after = await readFile(path);
    // As it is between the writes of the two copies of the envelope.
    await writeFile(path, Buffer.concat([before.subarray(0, 65_536), after.subarray(65_536)]));
    expect(Buffer.compare(await readFile(path), before)).not.toBe(0);
    expect(await codeOf(() => copySealed(path, at))).toBe('OUTPUT_EXISTS');
    expect(await copySealed(path, at, { overwrite: true })).toMatchObject({ copied: 1 });
    expect(Buffer.compare(await readFile(path), store.get('n')!)).toBe(0);
  });

  it('takes the place of another only when told', async () => {
    const { store, at } = storeAt('n');
    store.set('n', other);
    const path = temp.path('m.sealed');
    await writeFile(path, sealed);
    expect(await codeOf(() => copySealed(path, at))).toBe('OUTPUT_EXISTS');
    expect(await codeOf(() => copySealed(at, path))).toBe('OUTPUT_EXISTS');
    expect(Buffer.compare(store.get('n')!, other)).toBe(0);
    expect(await copySealed(path, at, { overwrite: true })).toMatchObject({ copied: 1 });
    expect(Buffer.compare(store.get('n')!, sealed)).toBe(0);
    store.set('n', other);
    await copySealed(at, path, { overwrite: true });
    expect(Buffer.compare(await readFile(path), other)).toBe(0);
  });

  it('is the only kind of file that is copied, unless told', async () => {
    const { store, at } = storeAt('n');
    const path = temp.path('plain');
    await writeFile(path, pattern(200_000));
    expect(await codeOf(() => copySealed(path, at))).toBe('NOT_SEALED');
    expect(namesIn(store)).toEqual([]);
    await copySealed(path, at, { any: true });
    // Nothing at its beginning says that it is the same: it is compared to its end.
    expect(await copySealed(path, at, { any: true })).toMatchObject({ present: 1 });
    await writeFile(path, Buffer.concat([pattern(199_999), Buffer.from('!')]));
    expect(await codeOf(() => copySealed(path, at, { any: true }))).toBe('OUTPUT_EXISTS');
  });

  it('is refused when it changes meanwhile, and nothing is left', async () => {
    const { store, at } = storeAt('m');
    store.set('m', sealed);
    store.fault = ({ method, count }) => {
      if (method === 'read' && count === 2) store.set('m', other);
      return undefined;
    };
    const directory = await temp.directory();
    expect(await codeOf(() => copySealed(at, join(directory, 'm')))).toBe('INPUT_CHANGED');
    expect(await everythingIn(directory)).toEqual([]);
  });

  it('leaves nothing when it is stopped', async () => {
    const path = temp.path('m.sealed');
    await writeFile(path, sealed);
    const { store, at } = storeAt('n');
    const stop = new AbortController();
    store.fault = ({ method, count }) => {
      if (method === 'part' && count === 1) stop.abort();
      return undefined;
    };
    expect(await codeOf(() => copySealed(path, at, { signal: stop.signal }))).toBe('ABORTED');
    expect(namesIn(store)).toEqual([]);
  });

  it('may be empty when it may be anything', async () => {
    const path = temp.path('empty');
    await writeFile(path, '');
    const { at } = storeAt('n');
    expect(await copySealed(path, at, { any: true })).toMatchObject({ copied: 1, sealedSize: 0 });
    await copySealed(at, temp.path('back'), { any: true });
  });
});

describe('a bundle', () => {
  it('is copied with all its files, between disks and stores, and opens there', async () => {
    const first = storeAt('models/b');
    const second = storeAt('', 'memory://another');
    const back = temp.path('back');
    const told = { kind: 'bundle', copied: 7, present: 0, public: ['config.json'] };
    expect(await copySealed(bundle, first.at)).toMatchObject(told);
    expect(namesIn(first.store)).toEqual(NAMES.map((name) => `models/b/${name}`));
    expect(await copySealed(first.at, second.at)).toMatchObject(told);
    expect(await copySealed(second.at, back)).toMatchObject(told);
    expect(await treeOf(back)).toEqual(tree);
    await verifyBundle(first.at, { keys });
  });

  it('has its envelope last, on the condition that there is none', async () => {
    const { store, at } = storeAt('b');
    await copySealed(bundle, at);
    const written = store.requests.filter(({ method }) => ['put', 'complete'].includes(method));
    expect(written.at(0)?.key).toBe('b/weightseal.sealing');
    expect(written.at(-2)?.key).toBe('b/weightseal.table');
    expect(written.at(-1)?.key).toBe('b/weightseal.json');
  });

  it('goes on where a copy was cut off', async () => {
    const { store, at } = storeAt('b');
    store.fault = ({ method, key }) =>
      method === 'put' && key.endsWith('.table') ? { throws: refusedWith('STORE_DENIED') } : undefined;
    expect(await codeOf(() => copySealed(bundle, at))).toBe('STORE_DENIED');
    expect(namesIn(store)).toEqual(
      [...NAMES.slice(0, 4), 'weightseal.manifest.json', 'weightseal.sealing'].map((name) => `b/${name}`),
    );
    store.fault = () => undefined;
    const sizes: Progress[] = [];
    expect(await copySealed(bundle, at, { onProgress: (progress) => sizes.push(progress) })).toMatchObject({
      copied: 2,
      present: 5,
      public: ['config.json'],
    });
    expect(sizes.at(-1)?.bytes).toBe(sizes.at(-1)?.total);
    expect(namesIn(store)).toEqual(NAMES.map((name) => `b/${name}`));
    expect(await copySealed(bundle, at)).toMatchObject({ copied: 0, present: 7 });
  });

  it('goes on in a directory, too, in which nothing appears before all of it is there', async () => {
    const { store, at } = storeAt('b');
    await copySealed(bundle, at);
    const directory = await temp.directory();
    store.fault = ({ method, key }) =>
      method === 'read' && key.endsWith('.table') ? { throws: refusedWith('STORE_DENIED') } : undefined;
    expect(await codeOf(() => copySealed(at, join(directory, 'b')))).toBe('STORE_DENIED');
    expect((await readdir(directory)).filter((name) => !name.startsWith('.'))).toEqual([]);
    store.fault = () => undefined;
    expect(await copySealed(at, join(directory, 'b'))).toMatchObject({ copied: 2, present: 5 });
    expect(await treeOf(join(directory, 'b'))).toEqual(tree);
    expect(await readdir(directory)).toEqual(['b']);
    expect(await copySealed(at, join(directory, 'b'))).toMatchObject({ copied: 0, present: 7 });
  });

  it('is never mixed with another, nor put in its place in a store', async () => {
    const { store, at } = storeAt('b');
    store.set('b/notes.txt', Buffer.from('mine'));
    expect(await codeOf(() => copySealed(bundle, at, { overwrite: true }))).toBe('OUTPUT_EXISTS');
    expect(namesIn(store)).toEqual(['b/notes.txt']);
    const another = storeAt('b');
    another.store.set('b/weightseal.json', Buffer.from('{}'));
    expect(await codeOf(() => copySealed(bundle, another.at, { overwrite: true }))).toBe('OUTPUT_EXISTS');
    const begun = storeAt('b');
    begun.store.set('b/weightseal.sealing', Buffer.from('{"id":"1"}'));
    expect(await codeOf(() => copySealed(bundle, begun.at))).toBe('OUTPUT_EXISTS');
  });

  it('takes the place of another in a directory when told', async () => {
    const to = temp.path('to');
    await cp(bundle, to, { recursive: true });
    await writeFile(join(to, 'weightseal.json'), '{}');
    expect(await codeOf(() => copySealed(bundle, to))).toBe('OUTPUT_EXISTS');
    await copySealed(bundle, to, { overwrite: true });
    expect(await treeOf(to)).toEqual(tree);
    const plain = await temp.directory();
    await writeFile(join(plain, 'mine'), '');
    expect(await codeOf(() => copySealed(bundle, plain, { overwrite: true }))).toBe('OUTPUT_EXISTS');
  });

  it('is refused where it is no whole one, before anything is written', async () => {
    const half = temp.path('half');
    await cp(bundle, half, { recursive: true });
    await rm(join(half, 'weightseal.table'));
    const { store, at } = storeAt('b');
    expect(await codeOf(() => copySealed(half, at))).toBe('MEMBER_MISSING');
    await writeFile(join(half, 'weightseal.table'), 'short');
    expect(await codeOf(() => copySealed(half, at))).toBe('TABLE_TAMPERED');
    const plain = await temp.directory();
    expect(await codeOf(() => copySealed(plain, at, { any: true }))).toBe('NOT_SEALED');
    expect(namesIn(store)).toEqual([]);
  });

  it('leads nowhere else by the names of its objects', async () => {
    const { store, at } = storeAt('b');
    await copySealed(bundle, at);
    store.set('b/../../evil', Buffer.from('x'));
    const directory = await temp.directory();
    expect(await codeOf(() => copySealed(at, join(directory, 'b')))).toBe('PATH_INVALID');
    expect(await everythingIn(directory)).toEqual([]);
  });

  it('is whole, whichever of two copies is faster', async () => {
    const { store, at } = storeAt('b');
    const both = await Promise.all([copySealed(bundle, at), copySealed(bundle, at)]);
    expect(both.map(({ copied, present }) => copied + present)).toEqual([7, 7]);
    expect(namesIn(store)).toEqual(NAMES.map((name) => `b/${name}`));
    await verifyBundle(at, { keys });
  });

  it('is not made of what a sweep has removed meanwhile', async () => {
    const { store, at } = storeAt('b');
    store.fault = ({ method, key }) => {
      if (method === 'put' && key.endsWith('.table')) store.objects.clear();
      return undefined;
    };
    expect(await codeOf(() => copySealed(bundle, at))).toBe('INPUT_CHANGED');
    expect(namesIn(store)).toEqual(['b/weightseal.table']);
  });

  it('comes through failures that pass', async () => {
    const { store, at } = storeAt('b');
    const fail = times(5, unavailable);
    store.fault = (request) => (request.count % 3 === 0 ? fail() : undefined);
    await copySealed(bundle, at);
    await verifyBundle(at, { keys });
  });
});

it('says what is wrong with what it is given', async () => {
  const { at } = storeAt('n');
  expect(await codeOf(() => copySealed('nowhere', at))).toBe('INPUT_NOT_FOUND');
  expect(await codeOf(() => copySealed(at, temp.path()))).toBe('INPUT_NOT_FOUND');
  expect(await codeOf(() => copySealed(bundle, at, { force: true } as object))).toBe('INVALID_ARGUMENT');
  expect(await codeOf(() => copySealed(1 as never, at))).toBe('INVALID_ARGUMENT');
});

describe('a bundle in a store that another takes the place of', () => {
  it('is not mixed with it: between its envelope and the names of its objects', async () => {
    const { store, at } = storeAt('from');
    await copySealed(bundle, at);
    const next = storeAt('next');
    await copySealed(bundle, next.at);
    const source = await writeTree(await temp.directory(), [['model-1.safetensors', pattern(3 * MIB, 9)]]);
    const rival = storeAt('from');
    await sealBundle(source, rival.at, { keys });
    store.fault = ({ method }) => {
      if (method !== 'list') return undefined;
      store.objects.clear();
      for (const [key, { bytes }] of rival.store.objects) store.set(key, bytes);
      // Tables are of one length where the names are.
      store.set('from/weightseal.table', next.store.get('next/weightseal.table')!);
      return undefined;
    };
    const to = storeAt('to', 'memory://other');
    expect(await codeOf(() => copySealed(at, to.at))).toBe('INPUT_CHANGED');
    expect(namesIn(to.store)).not.toContain('to/weightseal.json');
  });
});
