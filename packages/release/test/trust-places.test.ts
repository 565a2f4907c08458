import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CHANNEL_NAME,
  inspect,
  makeFileManifest,
  openBundle,
  openReader,
  openReleased,
  openToStream,
  rewrap,
  SIGNATURE_NAME,
  sealBundle,
  sealToFile,
  verify,
  WeightsealError,
} from '@weightseal/core';
import { channelAt, createTrust, publishChannel, verifyRelease } from '@weightseal/release';
import { describe, expect, test, vi } from 'vitest';
import { MemoryStore } from '../../core/test/store/support/memory-store.ts';
import { MemoryKey } from '../../core/test/support/memory-key.ts';
import { everyFile } from './support/every-file.ts';
import { errorOf, refused } from './support/refused.ts';
import { freePath, opened, refusedUnasked, released, sealed, sign } from './support/releases.ts';
import { newSigner } from './support/signers.ts';

// Files beside directories, and stores beside both.

/** The id of what is sealed, where somebody has chosen it. Before core is loaded, which takes its randomness from there. */
const chosen = vi.hoisted(() => {
  const crypto = process.getBuiltinModule('node:crypto');
  const real = crypto.randomBytes as (size: number) => Buffer;
  const ids: { id?: string | undefined } = {};
  Object.assign(crypto, {
    randomBytes: (size: number) => (size === 16 && ids.id ? Buffer.from(ids.id, 'hex') : real(size)),
  });
  process.getBuiltinModule('node:module').syncBuiltinESMExports();
  return ids;
});

process.env['XDG_STATE_HOME'] = freePath('state');
const signer = newSigner();
const signers = [{ key: signer.spki }];
const trust = createTrust([{ model: 'acme/*', signers }]);
const expires = '2099-01-01T00:00:00Z';

describe('a sealed file', () => {
  const sealedFile = async (manifest = true): Promise<string> => {
    const [plain, file] = [freePath('plain'), freePath('model.sealed')];
    await writeFile(plain, 'weights');
    await sealToFile(plain, file, {
      keys: [new MemoryKey('one')],
      context: { model: 'acme/llama' },
      manifest,
    });
    return file;
  };
  const released = async (): Promise<string> => {
    const file = await sealedFile();
    await using release = await openReleased(file);
    await makeFileManifest(release, { release: { version: '1.0' } });
    await sign(file, signer, undefined, `${file}.${SIGNATURE_NAME}`);
    return file;
  };

  test('is opened with its manifest and signature beside it', async () => {
    const [file, key] = [await released(), new MemoryKey('one')];
    await verify(file, { keys: [key], trust });
    await using reader = await openReader(file, { keys: [key], trust });
    expect([reader.size, key.unwraps]).toEqual([7, 2]);
  });

  test('is refused without them, and no key is asked', async () => {
    const [file, key] = [await sealedFile(false), new MemoryKey('one')];
    await refused(() => verify(file, { keys: [key], trust }), 'MANIFEST_MISSING');
    await using release = await openReleased(file);
    await makeFileManifest(release, {});
    await refused(() => verify(file, { keys: [key], trust }), 'SIGNATURE_MISSING');
    expect(key.calls).toBe(0);
  });

  test('is refused with those of another file', async () => {
    const [one, two, key] = [await released(), await released(), new MemoryKey('one')];
    await rename(`${one}.${SIGNATURE_NAME}`, `${two}.${SIGNATURE_NAME}`);
    await refused(() => verify(two, { keys: [key], trust }), 'SIGNATURE_MISMATCH');
    expect(key.calls).toBe(0);
  });

  test('is refused where another one was sealed under its id, for the same key', async () => {
    const [file, key] = [await released(), new MemoryKey('one')];
    const { id } = await inspect(file);
    const [evil, forged] = [freePath('evil'), freePath('forged')];
    await writeFile(evil, 'others');
    chosen.id = id;
    await sealToFile(evil, forged, { keys: [key], context: { model: 'acme/llama' } });
    chosen.id = undefined;
    expect((await inspect(forged)).id).toBe(id);
    await rename(forged, file);
    key.unwraps = 0;
    await refused(() => openReader(file, { keys: [key], trust }), 'MANIFEST_MISMATCH');
    await refused(() => rewrap(file, { keys: [key], trust }), 'MANIFEST_MISMATCH');
    await refused(() => verifyRelease(file, signers), 'MANIFEST_MISMATCH');
    expect(key.unwraps).toBe(0);
  });

  test('that comes as a stream has nothing beside it, and is refused', async () => {
    const [file, key] = [await released(), new MemoryKey('one')];
    const bytes = await readFile(file);
    const stream = (async function* () {
      yield bytes;
    })();
    const error = await errorOf(async () => {
      for await (const _ of openToStream(stream, { keys: [key], trust }));
    });
    expect([error.code, key.calls]).toEqual(['MANIFEST_MISSING', 0]);
  });
});

describe('in a store', () => {
  async function copyOf(bundle: string, store: MemoryStore, prefix: string) {
    for (const path of await everyFile(bundle))
      store.set(`${prefix}/${path}`, await readFile(join(bundle, path)));
    return { store, key: prefix };
  }

  test('a bundle and its channel are judged likewise', async () => {
    const store = new MemoryStore();
    const [one, two] = [await released(signer), await released(signer, { text: 'new' })];
    const [old, now] = [await copyOf(one, store, 'old'), await copyOf(two, store, 'now')];
    const at = { store, key: 'channels/llama' };
    const byChannel = createTrust([{ model: 'acme/*', signers, channel: { at } }]);
    const key = new MemoryKey('one');
    await refused(() => openBundle(old, { keys: [key], trust: byChannel }), 'CHANNEL_MISSING');
    await publishChannel(old, { channel: at, signing: { signer }, expires });
    expect(store.get(`channels/llama/${CHANNEL_NAME}`)).toBeDefined();
    await using _old = await openBundle(old, { keys: [key], trust: byChannel });
    const said = await publishChannel(now, { channel: at, signing: { signer }, expires });
    expect(said.counter).toBe(2);
    expect(await channelAt(at, signers)).toMatchObject(said);
    key.unwraps = 0;
    await refused(() => openBundle(old, { keys: [key], trust: byChannel }), 'RELEASE_NOT_CURRENT');
    expect(key.calls).toBe(0);
    await using _now = await openBundle(now, { keys: [key], trust: byChannel });
  });

  test('a channel that changes while the next is made is not overwritten', async () => {
    const store = new MemoryStore();
    const bundle = await released(signer);
    const options = { channel: { store, key: 'c' }, signing: { signer }, expires };
    await publishChannel(bundle, options);
    const slow = {
      ...signer,
      sign: async (message: Uint8Array) => {
        await publishChannel(bundle, options);
        return await signer.sign(message);
      },
    };
    await refused(() => publishChannel(bundle, { ...options, signing: { signer: slow } }), 'INPUT_CHANGED');
    expect(await channelAt(options.channel, signers)).toMatchObject({ counter: 2 });
  });

  test('what the store refuses is said as it is, and no key is asked', async () => {
    for (const require of ['enforce', 'warn'] as const) {
      const store = new MemoryStore();
      store.fault = () => ({ throws: new WeightsealError('STORE_DENIED', 'No.') });
      const bundle = await released(signer);
      const rules = [{ model: 'acme/*', signers, require, channel: { at: { store, key: 'c' } } }];
      await refusedUnasked(bundle, createTrust(rules, { others: require }), 'STORE_DENIED');
    }
  });
});

describe('a bundle whose payloads are reused', () => {
  test.each(['a directory', 'a store'])('is judged before a key is asked for it, into %s', async (where) => {
    const plain = freePath('plain');
    await mkdir(plain);
    await writeFile(join(plain, 'model.bin'), 'weights');
    const context = { model: 'acme/llama' };
    const to = (store: MemoryStore) => (where === 'a store' ? { store, key: 'new' } : freePath('new'));
    const key = new MemoryKey('one');
    const sealing = { keys: [key], context, trust };
    await sealBundle(plain, to(new MemoryStore()), { ...sealing, reuse: await released(signer) });
    key.unwraps = 0;
    const strange = { ...sealing, reuse: await released(newSigner()) };
    await refused(() => sealBundle(plain, to(new MemoryStore()), strange), 'SIGNER_UNTRUSTED');
    // Its own, which a seal tries.
    expect(key.unwraps).toBe(1);
  });
});

test('a judge that was stopped has judged nothing', async () => {
  const bundle = await released(signer);
  const key = new MemoryKey('one');
  const signal = AbortSignal.abort();
  await refused(() => openBundle(bundle, { keys: [key], trust, signal }), 'ABORTED');
  expect(key.calls).toBe(0);
});

test('who has no signature is refused after a rename of the directory just as before', async () => {
  const bundle = await sealed();
  const other = freePath('renamed');
  await rename(bundle, other);
  await refusedUnasked(other, trust, 'SIGNATURE_MISSING');
  await sign(other, signer);
  await opened(other, trust);
  await rm(other, { recursive: true });
});
