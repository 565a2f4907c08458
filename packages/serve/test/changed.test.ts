import { once } from 'node:events';
import { copyFile, open, readFile, rename, rm, truncate } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryStore } from '../../core/test/store/support/memory-store.ts';
import { temporary } from '../../core/test/support/temporary.ts';
import { ask, session } from './support/ask.ts';
import { sealFile, sealModel, visitor, world } from './support/world.ts';

const place = await temporary();
const original = place.path('long');
const LONG = 24 * 1_048_576;
let bytes: Buffer;
beforeAll(async () => {
  await sealFile(original, { model: 'long' }, LONG);
  bytes = await readFile(original);
});

const CHANGES: readonly (readonly [string, (path: string) => Promise<unknown>])[] = [
  ['cut', (path) => truncate(path, 1_000_000)],
  [
    'written to',
    async (path) => {
      await using file = await open(path, 'r+');
      await file.write(Buffer.alloc(1_000_000, 1), 0, 1_000_000, LONG - 1_000_000);
    },
  ],
  [
    'replaced',
    async (path) => {
      await sealFile(`${path}.new`, { model: 'long' }, LONG);
      await rename(`${path}.new`, path);
    },
  ],
  ['removed', (path) => rm(path)],
];

describe.each(['1.1', '2'])('over HTTP/%s, a file that is', (version) => {
  it.each(CHANGES)('%s while it is sent: the answer is cut, and never a mixture', async (_, change) => {
    const root = await place.directory();
    const path = join(root, 'long');
    await copyFile(original, path);
    await using here = await world({ root });
    const own = await visitor();
    const over = version === '2' ? session({ ...here, own }) : undefined;
    const outgoing =
      over?.request({ ':path': '/long' }) ??
      request({
        host: '127.0.0.1',
        port: here.port,
        path: '/long',
        agent: false,
        ca: here.root.pem,
        cert: own.pem,
        key: own.key,
      }).end();
    const [given] = await once(outgoing, 'response');
    const answer = over ? outgoing : given;
    const came: Buffer[] = [];
    let failed = false;
    answer.on('error', () => {
      failed = true;
    });
    const closed = new Promise((resolve) => answer.once('close', resolve));
    await change(path);
    answer.on('data', (piece: Buffer) => came.push(piece));
    await closed;
    const all = Buffer.concat(came);
    expect(failed).toBe(true);
    expect(all.length).toBeLessThan(bytes.length);
    expect(all.equals(bytes.subarray(0, all.length))).toBe(true);
    expect(await here.logged(() => true)).toMatchObject({ code: 'INPUT_CHANGED', status: 200 });
    expect(here.problems).toEqual([]);
    over?.destroy();
  });
});

it('a file that was replaced has another ETag, so that who goes on begins anew', async () => {
  const root = await place.directory();
  const path = join(root, 'model');
  await sealFile(path, { model: 'm' });
  await using here = await world({ root });
  const to = { ...here, own: await visitor() };
  const { etag } = (await ask(to, '/model', { range: 'bytes=0-99' })).headers;
  await sealFile(`${path}.new`, { model: 'm' });
  await rename(`${path}.new`, path);
  const again = await ask(to, '/model', { range: 'bytes=100-', 'if-range': String(etag) });
  expect(again.status).toBe(200);
  expect(again.body.equals(await readFile(path))).toBe(true);
});

describe('a store', () => {
  const filled = async () => {
    const store = new MemoryStore();
    const directory = await place.directory();
    await sealFile(join(directory, 'llama'), { model: 'llama', version: '3' });
    await sealModel(join(directory, 'bert'), { model: 'bert' });
    store.set('models/llama', await readFile(join(directory, 'llama')));
    store.set('models/plain', Buffer.alloc(100_000));
    const { files } = JSON.parse(
      (await readFile(join(directory, 'bert/weightseal.manifest.json'))).toString(),
    );
    const names = [
      'weightseal.json',
      'weightseal.manifest.json',
      ...files.map(({ path }: { path: string }) => path),
    ];
    for (const name of names) store.set(`models/bert/${name}`, await readFile(join(directory, 'bert', name)));
    return { store, names, directory };
  };

  it('is served as a directory is: files, bundles, ranges and the index', async () => {
    const { store, names, directory } = await filled();
    await using here = await world({ root: { store, key: 'models' } });
    const to = { ...here, own: await visitor() };
    const llama = await readFile(join(directory, 'llama'));
    expect((await ask(to, '/llama')).body.equals(llama)).toBe(true);
    expect((await ask(to, '/llama', { range: 'bytes=50-99' })).body.equals(llama.subarray(50, 100))).toBe(
      true,
    );
    for (const name of names)
      expect(
        (await ask(to, `/bert/${name}`)).body.equals(await readFile(join(directory, 'bert', name))),
      ).toBe(true);
    expect((await ask(to, '/plain')).status).toBe(404);
    expect(JSON.parse((await ask(to, '/')).body.toString()).releases).toMatchObject([
      { path: 'bert', kind: 'bundle', model: 'bert', manifest: 'bert/weightseal.manifest.json' },
      { path: 'llama', kind: 'file', model: 'llama', version: '3' },
    ]);
  });

  it('whose object is replaced while it is sent: cut, and never a mixture', async () => {
    const store = new MemoryStore();
    store.set('long', bytes);
    await using here = await world({ root: { store, key: '' } });
    const to = { ...here, own: await visitor() };
    expect((await ask(to, '/long', { range: 'bytes=0-9' })).status).toBe(206);
    const outgoing = request({
      host: '127.0.0.1',
      port: here.port,
      path: '/long',
      agent: false,
      ca: here.root.pem,
      cert: to.own.pem,
      key: to.own.key,
    }).end();
    const [answer] = await once(outgoing, 'response');
    answer.on('error', () => {});
    const closed = new Promise((resolve) => answer.once('close', resolve));
    store.set('long', Buffer.from(bytes).reverse());
    const came: Buffer[] = [];
    answer.on('data', (piece: Buffer) => came.push(piece));
    await closed;
    const all = Buffer.concat(came);
    expect(answer.complete).toBe(false);
    expect(all.equals(bytes.subarray(0, all.length))).toBe(true);
    expect(await here.logged(({ status }) => status === 200)).toMatchObject({ code: 'INPUT_CHANGED' });
  });

  it('that fails is a failure, told to the log, without what it said', async () => {
    const { store } = await filled();
    const { WeightsealError } = await import('@weightseal/core');
    await using here = await world({ root: { store, key: 'models', tuning: { attempts: 1 } } });
    store.fault = () => ({ throws: new WeightsealError('STORE_RESPONSE_INVALID', 'a secret of the store') });
    const answer = await ask({ ...here, own: await visitor() }, '/llama');
    expect(answer.status).toBe(500);
    expect(answer.body.toString()).not.toContain('secret');
    expect(here.problems.map(({ code }) => code)).toEqual(['STORE_RESPONSE_INVALID']);
    store.fault = () => ({
      throws: new WeightsealError('STORE_UNAVAILABLE', 'https://secret.example is away'),
    });
    const away = await ask({ ...here, own: await visitor() }, '/llama');
    expect([away.status, away.headers['retry-after']]).toEqual([503, '2']);
    expect(away.body.toString()).not.toContain('secret');
    expect(here.problems.map(({ code }) => code)).toEqual(['STORE_RESPONSE_INVALID', 'STORE_UNAVAILABLE']);
  });
});
