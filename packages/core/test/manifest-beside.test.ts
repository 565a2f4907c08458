import { chmod, chown, readFile, rm, stat, writeFile } from 'node:fs/promises';
import {
  bufferSource,
  inspect,
  MANIFEST_NAME,
  type Manifest,
  parseManifest,
  reseal,
  rewrap,
  SIGNATURE_NAME,
  sealToFile,
  verifyManifest,
} from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { refusedWith } from './store/support/faults.js';
import { MemoryStore } from './store/support/memory-store.js';
import { MemoryKey } from './support/memory-key.js';
import { pattern, refusal, streamOf } from './support/sealed.js';
import { everythingIn, temporary, withManifest } from './support/temporary.js';

const temp = await temporary();
const key = new MemoryKey('a');
const keys = [key];
const context = { model: 'llama', version: '3' };
/** One that runs on threads, and one that does not. */
const LARGE = pattern(6_000_000);
const SMALL = pattern(5000);
const codeOf = async (attempt: () => Promise<unknown>) => (await refusal(attempt)).code;
const isRoot = process.getuid?.() === 0;

async function manifestOf(path: string): Promise<Manifest> {
  return await parseManifest(await readFile(`${path}.${MANIFEST_NAME}`));
}

async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = temp.path('plain');
  await writeFile(path, bytes);
  return path;
}

describe('a seal makes the manifest of its file', () => {
  it.each([
    ['a small file', () => fileOf(SMALL), {}],
    ['a large file', () => fileOf(LARGE), {}],
    ['a large file, without a digest of its plaintext', () => fileOf(LARGE), { digest: false }],
    ['a file of many batches', () => fileOf(LARGE), { segmentLength: 4096 }],
    ['an empty file', () => fileOf(new Uint8Array(0)), {}],
    ['a byte source', () => bufferSource(LARGE), {}],
    ['a stream', () => streamOf(LARGE, 7000, 100_000), {}],
  ])('of %s: what lies there is what it says', async (_, input, options) => {
    const output = `${await temp.directory()}/m.sealed`;
    const sealed = await sealToFile(await input(), output, { keys, context, ...options });
    const { context: its, files, name, version } = await manifestOf(output);
    expect({ its, files, name, version }).toMatchObject({
      its: context,
      files: [{ path: 'm.sealed', size: expect.any(Number) as number }],
      name: 'llama',
      version: '3',
    });
    expect(await verifyManifest(output)).toMatchObject({ files: 1, size: files[0]!.size });
    expect(Buffer.from((await manifestOf(output)).id).toString('hex')).toBe(sealed.id);
    const bytes = await readFile(output);
    bytes[bytes.length - 20]! ^= 1;
    await writeFile(output, bytes);
    expect(await codeOf(() => verifyManifest(output))).toBe('MANIFEST_MISMATCH');
  });

  it('with what its people call it, or none', async () => {
    const output = `${await temp.directory()}/m.sealed`;
    const seal = (options: object) =>
      sealToFile(bufferSource(SMALL), output, { keys, overwrite: true, ...options });
    await seal({ release: { name: 'n', version: '4', previous: 'a'.repeat(64) } });
    expect(await manifestOf(output)).toMatchObject({ name: 'n', version: '4', previous: 'a'.repeat(64) });
    await seal({});
    expect(await manifestOf(output)).not.toHaveProperty('name');
    expect(await codeOf(() => seal({ release: { name: '' } }))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(() => seal({ manifest: false, release: { name: 'n' } }))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(() => seal({ manifest: 'no' }))).toBe('INVALID_ARGUMENT');
    const other = `${await temp.directory()}/m.sealed`;
    await sealToFile(bufferSource(SMALL), other, { keys, manifest: false });
    expect(await codeOf(() => verifyManifest(other))).toBe('MANIFEST_MISSING');
  });

  it('and refuses, before a key is asked, where there is no place for it', async () => {
    const directory = await temp.directory();
    const calls = key.calls;
    const output = `${directory}/${'x'.repeat(240)}`;
    const error = await refusal(() => sealToFile(bufferSource(SMALL), output, { keys }));
    expect([error.code, key.calls]).toEqual(['INVALID_ARGUMENT', calls]);
    expect(error.message).toMatch(/manifest\.json has a longer name .*--no-manifest/);
    await sealToFile(bufferSource(SMALL), output, { keys, manifest: false });
  });

  it('with nothing left of either when it is stopped', async () => {
    const directory = await temp.directory();
    const controller = new AbortController();
    async function* endless() {
      for (let given = 0; ; given++) {
        if (given === 20) controller.abort();
        yield LARGE.subarray(0, 1_000_000);
      }
    }
    const sealing = () => sealToFile(endless(), `${directory}/m`, { keys, signal: controller.signal });
    expect(await codeOf(sealing)).toBe('ABORTED');
    expect(await everythingIn(directory)).toEqual([]);
  });
});

describe('a reseal makes it anew', () => {
  it.each([
    ['small', SMALL],
    ['large', LARGE],
  ])('and says which one came before: of a %s file', async (_, bytes) => {
    const path = `${await temp.directory()}/m.sealed`;
    await sealToFile(bufferSource(bytes), path, { keys, context });
    const { digest } = await verifyManifest(path);
    await rewrap(path, { keys, add: [new MemoryKey('b')] });
    expect((await verifyManifest(path)).digest).toBe(digest);
    const both = [key, new MemoryKey('b')];
    await reseal(path, { keys: both, release: { version: '3.1' } });
    expect(await manifestOf(path)).toMatchObject({ name: 'llama', version: '3.1', previous: digest });
    await verifyManifest(path);
    const elsewhere = `${await temp.directory()}/n.sealed`;
    await reseal(path, { keys: both, output: elsewhere });
    await verifyManifest(elsewhere);
    expect(await everythingIn(elsewhere.replace(/\/[^/]*$/, ''))).toEqual(withManifest('n.sealed'));
  });

  it.skipIf(!isRoot)('with owner and mode of the one before, or of the file', async () => {
    const path = `${await temp.directory()}/m.sealed`;
    await sealToFile(bufferSource(SMALL), path, { keys });
    await chown(path, 12_345, 54_321);
    await chmod(path, 0o600);
    await reseal(path, { keys });
    // One that is there is for others to read, whoever may read the file.
    expect((await stat(`${path}.${MANIFEST_NAME}`)).mode & 0o777).toBe(0o666 & ~process.umask());
    await rm(`${path}.${MANIFEST_NAME}`);
    await reseal(path, { keys });
    const { mode } = await stat(path);
    expect(await stat(`${path}.${MANIFEST_NAME}`)).toMatchObject({ uid: 12_345, gid: 54_321, mode });
  });
});

describe('in a store', () => {
  const at = (store: MemoryStore, name = 'm.sealed') => ({ store, key: name });
  const BESIDE = `m.sealed.${MANIFEST_NAME}`;
  const names = (store: MemoryStore) => [...store.objects.keys()].sort();

  it('it is an object beside the sealed one', async () => {
    const store = new MemoryStore();
    await sealToFile(bufferSource(LARGE), at(store), { keys, context });
    expect(names(store)).toEqual(withManifest('m.sealed'));
    const { digest } = await verifyManifest(at(store));
    await reseal(at(store), { keys });
    await reseal(at(store), { keys, output: at(store, 'n.sealed') });
    expect(await parseManifest(store.get(BESIDE)!)).toMatchObject({ previous: digest });
    await verifyManifest(at(store));
    await verifyManifest(at(store, 'n.sealed'));
  });

  it('where that cannot be written, what is sealed stays, and is told', async () => {
    const store = new MemoryStore();
    store.fault = ({ key: of, method }) =>
      of === BESIDE && method === 'put' ? { throws: refusedWith('STORE_DENIED') } : undefined;
    const error = await refusal(() => sealToFile(bufferSource(SMALL), at(store), { keys }));
    expect([error.code, names(store)]).toEqual(['STORE_DENIED', ['m.sealed']]);
    expect(error.message).toContain('m.sealed is sealed and whole; only its manifest is missing');
    const { id } = await inspect(at(store));
    expect(await codeOf(() => reseal(at(store), { keys }))).toBe('STORE_DENIED');
    expect((await inspect(at(store))).id).not.toBe(id);
  });
});

describe('no manifest', () => {
  it('is made by a reseal that is told so, in its place and elsewhere, on a disk and in a store', async () => {
    const store = new MemoryStore();
    const directory = await temp.directory();
    const places = [`${directory}/m`, { store, key: 'm' }];
    for (const place of places) {
      const { id } = await sealToFile(bufferSource(LARGE), place, { keys, manifest: false });
      for (const output of [
        place,
        `${directory}/from-${places.indexOf(place)}`,
        { store, key: `from-${places.indexOf(place)}` },
      ]) {
        const resealed = await reseal(place, { keys, output, manifest: false });
        expect((await inspect(output)).id).toBe(resealed.id);
        expect(resealed.id).not.toBe(id);
      }
    }
    expect(await everythingIn(directory)).toEqual(['from-0', 'from-1', 'm']);
    expect([...store.objects.keys()].sort()).toEqual(['from-0', 'from-1', 'm']);
  });

  it('that somebody has signed is replaced, unless that is allowed', async () => {
    const store = new MemoryStore();
    const directory = await temp.directory();
    for (const place of [`${directory}/m`, { store, key: 'm' }]) {
      if (typeof place === 'string') await writeFile(`${place}.${MANIFEST_NAME}`, 'of another');
      else store.set(`m.${MANIFEST_NAME}`, Buffer.from('of another'));
      const seal = (options: object) => sealToFile(bufferSource(SMALL), place, { keys, ...options });
      // By itself it is of nothing.
      await seal({});
      await verifyManifest(place);
      if (typeof place === 'string') {
        await rm(place);
        await writeFile(`${place}.${SIGNATURE_NAME}`, 'of the manifest');
      } else {
        store.objects.delete('m');
        store.set(`m.${SIGNATURE_NAME}`, Buffer.from('of the manifest'));
      }
      const calls = key.calls;
      const error = await refusal(() => seal({}));
      expect([error.code, key.calls]).toEqual(['OUTPUT_EXISTS', calls]);
      expect(error.message).toContain('--no-manifest');
      await seal({ overwrite: true });
      await verifyManifest(place);
    }
  });

  it('of another seal is the one before', async () => {
    const path = `${await temp.directory()}/m.sealed`;
    await sealToFile(bufferSource(SMALL), path, { keys });
    await sealToFile(bufferSource(SMALL), path, { keys, overwrite: true, manifest: false });
    await reseal(path, { keys });
    expect(await manifestOf(path)).not.toHaveProperty('previous');
  });
});
