import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryStore } from '../../core/test/store/support/memory-store.ts';
import { temporary } from '../../core/test/support/temporary.ts';
import { ask, askHttp2, session } from './support/ask.ts';
import { sealFile, visitor, world } from './support/world.ts';

// What has no manifest that tells its digest is hashed: whose turn it is, and for how long.

const place = await temporary();
let short: Buffer;
let long: Buffer;
beforeAll(async () => {
  const sealed = async (name: string, bytes: number) => {
    const path = place.path(name);
    await sealFile(path, { model: name }, bytes);
    return await readFile(path);
  };
  [short, long] = [await sealed('short', 300_000), await sealed('long', 17 * 1_048_576)];
});

/** Hashing reads from the beginning to the end, in pieces of 256 KiB; what looks at a file reads less at once. */
const hashes = ({ length = 0 }: { readonly length?: number | undefined }) => length >= 262_144;

describe('digests of files', () => {
  it('that are long, of one client, keep nobody from that of a short one, and are stopped when their client leaves', async () => {
    const store = new MemoryStore();
    for (const name of ['a', 'b', 'c']) store.set(name, long);
    store.set('short', short);
    store.fault = (request) => (request.key !== 'short' && hashes(request) ? { hang: true } : undefined);
    await using here = await world({ root: { store, key: '' } });
    const to = { ...here, own: await visitor() };
    const [over, third] = [session(to), session(to)];
    const head = (by: typeof over, name: string) => askHttp2(by, `/${name}`, { ':method': 'HEAD' });
    const waiting = [head(over, 'a'), head(over, 'b')];
    const begun = () =>
      new Set(store.requests.filter((one) => one.method === 'read' && hashes(one)).map(({ key }) => key));
    await expect.poll(() => begun().size).toBe(2);
    waiting.push(head(third, 'c'));
    await expect.poll(() => here.server.running).toBe(3);
    const other = { ...to, own: await visitor('spiffe://prod/serving/b') };
    expect((await ask(other, '/short')).status).toBe(200);
    third.destroy();
    await expect.poll(() => here.server.running).toBe(2);
    over.destroy();
    await Promise.all(waiting);
    await expect.poll(() => here.server.running).toBe(0);
    await expect.poll(() => store.underWay).toBe(0);
    expect([...begun()].filter((key) => key !== 'short')).toHaveLength(2);
  });

  it('of more than sixteen files of one client are told 429', async () => {
    const store = new MemoryStore();
    for (let at = 0; at < 17; at++) store.set(`f${at}`, short);
    store.fault = (request) => (hashes(request) ? { hang: true } : undefined);
    await using here = await world({ root: { store, key: '' } });
    const over = session({ ...here, own: await visitor() });
    const answers = Array.from({ length: 17 }, (_, at) => askHttp2(over, `/f${at}`, { ':method': 'HEAD' }));
    expect((await Promise.race(answers)).status).toBe(429);
    over.destroy();
    await Promise.all(answers);
    await expect.poll(() => here.server.running).toBe(0);
    await expect.poll(() => store.underWay).toBe(0);
  });

  it('that take longer than a client waits are told 503, and are there later', async () => {
    const store = new MemoryStore();
    store.set('long', long);
    const { promise: after, resolve: go } = Promise.withResolvers<void>();
    store.fault = (request) => (hashes(request) ? { after } : undefined);
    await using here = await world({ root: { store, key: '' }, limits: { digestMs: 100 } });
    const to = { ...here, own: await visitor() };
    expect((await ask(to, '/long', {}, { method: 'HEAD' })).status).toBe(503);
    go();
    await expect.poll(() => here.server.metrics()).toContain(`hashed_bytes_total ${long.length}`);
    store.fault = (request) => (hashes(request) ? { hang: true } : undefined);
    expect((await ask(to, '/long', {}, { method: 'HEAD' })).status).toBe(200);
  });

  it('of a sealed file are of all of it, and not what its manifest says of its payload', async () => {
    const root = await place.directory();
    await sealFile(join(root, 'model'), { model: 'm' }, 1000);
    await using here = await world({ root });
    const to = { ...here, own: await visitor() };
    const manifest = await ask(to, '/model.weightseal.manifest.json');
    const [{ sha256 }] = JSON.parse(manifest.body.toString()).files;
    const { body, headers } = await ask(to, '/model');
    expect(headers['etag']).not.toBe(`"sha256-${sha256}"`);
    expect(here.server.metrics()).toContain(`hashed_bytes_total ${body.length}\n`);
  });
});

it('the index of what is the same as before opens nothing again', async () => {
  const store = new MemoryStore();
  for (const name of ['x/a', 'x/b', 'c']) store.set(name, short);
  store.set('x/plain', Buffer.from('plain'));
  await using here = await world({ root: { store, key: '' } });
  const to = { ...here, own: await visitor() };
  const index = async () => (await ask(to, '/')).body.toString();
  const first = await index();
  const reads = store.count('read');
  expect(await index()).toBe(first);
  expect(store.count('read')).toBe(reads);
  store.set('x/plain', short);
  expect(JSON.parse(await index()).releases).toHaveLength(4);

  const root = await place.directory();
  await writeFile(join(root, 'a'), short);
  await using disk = await world({ root });
  const from = { ...disk, own: to.own };
  const releases = async () => JSON.parse((await ask(from, '/')).body.toString()).releases;
  expect(await releases()).toEqual(await releases());
  await writeFile(join(root, 'a'), 'plain by now');
  expect(await releases()).toEqual([]);
});
