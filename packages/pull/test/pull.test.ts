import { copyFile, cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  MANIFEST_NAME,
  openBundle,
  type Progress,
  rewrapBundle,
  SIGNATURE_NAME,
  verifyManifest,
} from '@weightseal/core';
import { pull } from '@weightseal/pull';
import { createTrust } from '@weightseal/release';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { MemoryKey } from '../../core/test/support/memory-key.js';
import {
  acme,
  bytesOf,
  fresh,
  keys,
  MIB,
  releasedBundle,
  releasedFile,
  somebody,
  treeOf,
  visible,
} from './support/releases.js';
import { Served } from './support/served.js';

const site = await fresh();
const MEMBERS = {
  'model-1.safetensors': bytesOf(3.5 * MIB, 1),
  'model-2.safetensors': bytesOf(500_005, 2),
  'onnx/model.onnx': bytesOf(1000, 3),
  'config.json': Buffer.from('{"a":1}'),
};
const bundle = await releasedBundle(join(site, 'llama/3.1'), MEMBERS, {
  public: ['config.json'],
  release: { version: '3.1' },
});
const file = await releasedFile(join(site, 'bert.sealed'), bytesOf(3 * MIB + 7, 4));
const tree = await treeOf(bundle);
const server = await Served.start(site);
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  server.asked.splice(0);
  server.sent = 0;
  server.instead = () => false;
  server.change = (_, bytes) => bytes;
});
const signers = [acme.signer];
const target = async (name = 'x') => join(await fresh(), name);
const refused = async (attempt: Promise<unknown>) =>
  await attempt.then(
    () => 'taken',
    (error: { code: string }) => error.code,
  );

describe('a bundle', () => {
  it('comes as it lies there, over TLS with certificates on both sides, in parallel ranges', async () => {
    const to = await target();
    const seen: Progress[] = [];
    const pulled = await pull(server.at('llama/3.1'), to, {
      signers,
      onProgress: (one) => void seen.push(one),
    });
    expect(await treeOf(to)).toEqual(tree);
    expect(pulled).toMatchObject({
      kind: 'bundle',
      name: 'acme/llama',
      version: '3.1',
      signedBy: { kind: 'key' },
      files: Object.keys(tree).length,
      reused: 0,
      present: 0,
      public: ['config.json'],
    });
    expect(pulled.digest).toBe((await verifyManifest(to)).digest);
    expect(pulled.mirrors).toEqual([{ uri: `${server.url}/llama/3.1`, bytes: pulled.fetched }]);
    expect(seen.at(-1)).toEqual({ bytes: pulled.sealedSize, total: pulled.sealedSize });
    const long = server.asked.filter(({ path }) => path.endsWith('model-1.safetensors.sealed'));
    expect(long.length).toBeGreaterThan(2);
    await using opened = await openBundle(to, { keys });
    expect([...opened.members()].map(({ path }) => path)).toContain('onnx/model.onnx');
  });

  it('is judged before any of its files is asked for', async () => {
    const [to, other] = [await target(), await somebody()];
    expect(await refused(pull(server.at('llama/3.1'), to, { signers: [other.signer] }))).toBe(
      'SIGNER_UNTRUSTED',
    );
    const names = new Set(server.asked.map(({ path }) => path.slice('llama/3.1'.length + 1)));
    expect([...names].sort()).toEqual(['', 'weightseal.json', MANIFEST_NAME, SIGNATURE_NAME].sort());
    expect(await visible(join(to, '..'))).toEqual([]);
  });

  it('is judged by a policy', async () => {
    const policy = (minVersion: string) =>
      createTrust([{ model: 'acme/*', signers, minVersion }], { state: 'none' });
    expect(await refused(pull(server.at('llama/3.1'), await target(), { trust: policy('3.2') }))).toBe(
      'RELEASE_TOO_OLD',
    );
    expect(await refused(pull(server.at('llama/3.1'), await target(), { trust: policy('3.1') }))).toBe(
      'taken',
    );
  });

  it('that is there already is compared, and not asked for', async () => {
    const to = await target();
    await pull(server.at('llama/3.1'), to, { signers });
    server.sent = 0;
    const again = await pull(server.at('llama/3.1'), to, { signers });
    expect(again).toMatchObject({ fetched: 0, reused: 0, present: again.sealedSize });
    expect(server.asked.filter(({ path }) => path.endsWith('.sealed')).length).toBeLessThan(10);
    await writeFile(join(to, 'onnx/model.onnx.sealed'), 'x');
    expect(await refused(pull(server.at('llama/3.1'), to, { signers }))).toBe('OUTPUT_EXISTS');
    const mended = await pull(server.at('llama/3.1'), to, { signers, overwrite: true });
    expect(await treeOf(to)).toEqual(tree);
    expect(mended.fetched).toBeLessThan(MIB);
  });

  it('that nobody has signed is taken only where that is said, and is whole then', async () => {
    await using other = await Served.start(await fresh());
    const path = join(await fresh(), 'llama');
    await releasedBundle(path, { a: bytesOf(1000, 9) });
    await rm(join(path, SIGNATURE_NAME));
    await using own = await Served.start(join(path, '..'));
    expect(await refused(pull(own.at('llama'), await target(), { signers }))).toBe('SIGNATURE_MISSING');
    expect(await refused(pull(own.at('llama'), await target(), {}))).toBe('INVALID_ARGUMENT');
    const to = await target();
    const pulled = await pull(own.at('llama'), to, { unsigned: true });
    expect(pulled.signedBy).toBeUndefined();
    expect(await treeOf(to)).toEqual(await treeOf(path));
    own.change = (name, bytes) => (name.endsWith('a.sealed') ? flipped(bytes) : bytes);
    expect(await refused(pull(own.at('llama'), await target(), { unsigned: true }))).toBe('MEMBER_TAMPERED');
    expect(other.asked).toEqual([]);
  });

  it('has the envelope that it has by now, and of what is the same nothing comes again', async () => {
    const path = join(await fresh(), 'llama');
    await cp(bundle, path, { recursive: true });
    await using own = await Served.start(join(path, '..'));
    const to = await target();
    await pull(own.at('llama'), to, { signers });
    await rewrapBundle(path, { keys, add: [new MemoryKey('b')] });
    const again = await pull(own.at('llama'), to, { signers, overwrite: true });
    expect([again.fetched, await treeOf(to)]).toEqual([0, await treeOf(path)]);
  });
});

const flipped = (bytes: Buffer): Buffer => {
  const other = Buffer.from(bytes);
  other[other.length - 100]! ^= 1;
  return other;
};

describe('a pull that is called off', () => {
  it.each(['llama/3.1', 'bert.sealed'])('ends at once, and %s goes on where it was', async (path) => {
    const to = await target();
    const stop = new AbortController();
    server.delayMs = 10;
    const onProgress = ({ bytes }: Progress) => {
      if (bytes > 1.5 * MIB) stop.abort();
    };
    // One request after the other, so that some are whole by then.
    const at = server.at(path, { concurrency: 1 });
    expect(await refused(pull(at, to, { signers, signal: stop.signal, onProgress }))).toBe('ABORTED');
    expect(await visible(join(to, '..'))).toEqual([]);
    server.delayMs = 0;
    const again = await pull(server.at(path), to, { signers });
    expect(again.fetched).toBeLessThan(again.sealedSize - 0.9 * MIB);
    expect(await verifyManifest(to)).toMatchObject({ digest: again.digest });
  });
});

it('what was there of a long file is hashed before it counts, and comes again where it is something else', async () => {
  const to = await target('bert.sealed');
  const stop = new AbortController();
  server.delayMs = 10;
  const onProgress = ({ bytes }: Progress) => {
    if (bytes > 1.5 * MIB) stop.abort();
  };
  const at = server.at('bert.sealed', { concurrency: 1 });
  expect(await refused(pull(at, to, { signers, signal: stop.signal, onProgress }))).toBe('ABORTED');
  server.delayMs = 0;
  const directory = join(to, '..');
  const names = await readdir(directory, { recursive: true });
  const part = join(directory, names.find((name) => name.endsWith('weightseal.copying'))!);
  const spoilt = await readFile(part);
  spoilt[500_000]! ^= 1;
  await writeFile(part, spoilt);
  const pulled = await pull(server.at('bert.sealed'), to, { signers });
  expect(Buffer.compare(await readFile(to), await readFile(file))).toBe(0);
  expect([pulled.mirrors[0]?.givenUp, pulled.fetched > pulled.sealedSize]).toEqual([undefined, true]);
});

describe('a file', () => {
  it('comes with its manifest and its signature', async () => {
    const to = await target('bert.sealed');
    const pulled = await pull(server.at('bert.sealed'), to, { signers });
    expect(pulled).toMatchObject({ kind: 'file', files: 3, present: 0 });
    for (const end of ['', `.${MANIFEST_NAME}`, `.${SIGNATURE_NAME}`])
      expect(Buffer.compare(await readFile(to + end), await readFile(file + end))).toBe(0);
    const again = await pull(server.at('bert.sealed'), to, { signers });
    expect(again.present).toBe(again.sealedSize);
    // What says which file it is.
    expect(again.fetched).toBeLessThan(65_536);
  });

  it('that is another than was signed gets no name', async () => {
    server.change = (path, bytes) => (path === 'bert.sealed' ? flipped(bytes) : bytes);
    server.etag = () => `"${Math.random()}"`;
    const to = await target('bert.sealed');
    await expect(pull(server.at('bert.sealed'), to, { signers })).rejects.toMatchObject({
      code: 'MANIFEST_MISMATCH',
      message: expect.stringContaining(`${server.url}/bert.sealed`),
    });
    expect(await visible(join(to, '..'))).toEqual([]);
  });

  it('does not take the place of another unless that is said', async () => {
    const to = await target('bert.sealed');
    await copyFile(join(bundle, 'weightseal.table'), to);
    expect(await refused(pull(server.at('bert.sealed'), to, { signers }))).toBe('OUTPUT_EXISTS');
    await pull(server.at('bert.sealed'), to, { signers, overwrite: true });
    expect(Buffer.compare(await readFile(to), await readFile(file))).toBe(0);
  });
});

it.each([
  ['no place', [[], { unsigned: true }]],
  ['a place that is none', [[42], { unsigned: true }]],
  ['no signers', [['https://a.example/m'], { signers: [] }]],
  ['two answers to whose it is to be', [['https://a.example/m'], { unsigned: true, signers }]],
  ['a word that is not known', [['https://a.example/m'], { unsigned: true, force: true }]],
])('%s is refused before anybody is asked', async (_what, [from, options]) => {
  expect(await refused(pull(from as never, '/nowhere/x', options as never))).toBe('INVALID_ARGUMENT');
});
