import { createHash, generateKeyPairSync } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WeightsealError } from '@weightseal/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryStore } from '../../core/test/store/support/memory-store.ts';
import { temporary } from '../../core/test/support/temporary.ts';
import { ask, askHttp2, session, type To } from './support/ask.ts';
import { sealFile, sealModel, visitor, world } from './support/world.ts';

// What a manifest says of files is not believed of files that are another by now, and what cannot be read is not told as if it were not there.

const place = await temporary();
const original = place.path('bundle');
const MEMBER = 'model.bin.sealed';
const MANIFEST = 'weightseal.manifest.json';
beforeAll(() => sealModel(original, { model: 'm' }));

async function copied(): Promise<{ root: string; at: (name: string) => string }> {
  const root = await place.directory();
  await cp(original, join(root, 'm'), { recursive: true });
  return { root, at: (name) => join(root, 'm', name) };
}

async function releases(to: To): Promise<readonly { readonly path: string }[]> {
  return JSON.parse((await ask(to, '/')).body.toString()).releases;
}

const hex = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('a file of a bundle', () => {
  it.each([
    ['of the same length', (bytes: Buffer) => Buffer.alloc(bytes.length, 'PLAIN ')],
    ['of the same length that begins as what is sealed', (bytes: Buffer) => Buffer.from(bytes).fill(7, 200)],
    ['of another length', () => Buffer.from('{"__metadata__":{}} plain weights')],
  ] as const)('that was overwritten by one %s is served no more, and the log says so', async (_, other) => {
    const { root, at } = await copied();
    await using here = await world({ root });
    const to = { ...here, own: await visitor() };
    const { etag } = (await ask(to, `/m/${MEMBER}`, { range: 'bytes=0-9' })).headers;
    const bytes = await readFile(at(MEMBER));
    expect(etag).toBe(`"sha256-${hex(bytes)}"`);
    await writeFile(at(MEMBER), other(bytes));
    const resumed = await ask(to, `/m/${MEMBER}`, { range: 'bytes=10-', 'if-range': String(etag) });
    expect(resumed.status).toBe(404);
    expect((await ask(to, `/m/${MEMBER}`)).status).toBe(404);
    expect(here.problems.map(({ code }) => code)).toEqual(['MANIFEST_MISMATCH']);
    expect(here.problems[0]?.message).toContain(`m/${MEMBER}`);
  });

  it('that was not touched since its manifest was written is not hashed; after it was replaced by the same, it is', async () => {
    const root = await place.directory();
    await sealModel(join(root, 'm'), { model: 'm' });
    await using here = await world({ root });
    const to = { ...here, own: await visitor() };
    const hashed = () => here.server.metrics().match(/hashed_bytes_total (\d+)/)?.[1];
    const first = await ask(to, `/m/${MEMBER}`);
    expect([first.status, hashed()]).toEqual([200, '0']);
    const at = join(root, 'm', MEMBER);
    const { mtimeMs } = await stat(at);
    await expect
      .poll(async () => {
        await cp(at, `${at}.new`);
        return (await stat(`${at}.new`)).mtimeMs > mtimeMs + 1;
      })
      .toBe(true);
    await rename(`${at}.new`, at);
    const again = await ask(to, `/m/${MEMBER}`);
    expect([again.headers['etag'], hashed()]).toEqual([first.headers['etag'], String(first.body.length)]);
  });

  it('that only the manifest adds, and that is not sealed, is not served', async () => {
    const { root, at } = await copied();
    await writeFile(at('a-plain.bin'), 'plain weights beside');
    const entry = { path: 'a-plain.bin', sha256: hex(Buffer.from('plain weights beside')), size: 20 };
    const text = await readFile(at(MANIFEST), 'utf8');
    await writeFile(at(MANIFEST), text.replace('"files":[', `"files":[${JSON.stringify(entry)},`));
    await using here = await world({ root });
    const to = { ...here, own: await visitor() };
    expect((await ask(to, '/m/a-plain.bin')).status).toBe(404);
    expect((await ask(to, `/m/${MEMBER}`)).status).toBe(200);
    expect(here.problems.map(({ code }) => code)).toEqual(['MANIFEST_MISMATCH']);
  });

  it('is asked for by many at once: the manifest is read once', async () => {
    const store = new MemoryStore();
    for (const name of await readdir(original, { recursive: true }))
      if ((await stat(join(original, name))).isFile())
        store.set(`m/${name}`, await readFile(join(original, name)));
    await using here = await world({ root: { store, key: '' } });
    const to = { ...here, own: await visitor() };
    const over = session(to);
    const answers = await Promise.all(Array.from({ length: 40 }, () => askHttp2(over, '/m/config.json')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    // An opening asks for the first 4096 bytes.
    const reads = store.requests.filter(
      ({ method, key, length }) => method === 'read' && key === `m/${MANIFEST}` && length !== 4096,
    );
    expect(reads).toHaveLength(1);
    over.close();
  });
});

describe('what is called an envelope', () => {
  it('and is none hides nothing below it, and the log says so once', async () => {
    const root = await place.directory();
    await sealFile(join(root, 'a'), { model: 'a' });
    await writeFile(join(root, 'weightseal.json'), '{"my":"settings"}');
    await using here = await world({ root });
    const to = { ...here, own: await visitor() };
    expect((await ask(to, '/a')).status).toBe(200);
    expect((await ask(to, '/weightseal.json')).status).toBe(404);
    expect((await releases(to)).map(({ path }) => path)).toEqual(['a']);
    expect(here.problems.map(({ code }) => code)).toEqual(['ENVELOPE_INVALID']);
  });
});

describe('what cannot be read', () => {
  it('for want of descriptors is told 503, in the index too, until there are some', async () => {
    const root = await place.directory();
    for (const name of ['a', 'b']) await sealFile(join(root, name, 'model'), { model: name }, 1000);
    await using here = await world({ root });
    const to = { ...here, own: await visitor() };
    const over = session(to);
    expect((await askHttp2(over, '/a/model')).status).toBe(200);
    const held: number[] = [];
    try {
      for (;;) held.push(openSync('/dev/null', 'r'));
    } catch {}
    const [model, index] = [await askHttp2(over, '/a/model'), await askHttp2(over, '/')];
    for (const fd of held) closeSync(fd);
    for (const answer of [model, index])
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '2']);
    expect(here.problems.map(({ cause }) => (cause as NodeJS.ErrnoException).code)).toEqual([
      'EMFILE',
      'EMFILE',
    ]);
    expect((await askHttp2(over, '/a/model')).status).toBe(200);
    expect(await releases(to)).toHaveLength(2);
    over.close();
  });

  const filled = async () => {
    const store = new MemoryStore();
    for (const name of await readdir(original, { recursive: true }))
      if ((await stat(join(original, name))).isFile())
        store.set(`models/m/${name}`, await readFile(join(original, name)));
    return store;
  };
  const denied = { throws: new WeightsealError('STORE_DENIED', 'secret: the credentials have ended') };

  it('in a store that denies the manifest of a bundle for a moment is there again after that', async () => {
    const store = await filled();
    await using here = await world({ root: { store, key: 'models', tuning: { attempts: 1 } } });
    const to = { ...here, own: await visitor() };
    // What opens it is let in; what reads it is not any more.
    store.fault = ({ key, length }) => (key.endsWith(MANIFEST) && length !== 4096 ? denied : undefined);
    expect((await ask(to, '/m/config.json')).status).toBe(500);
    expect(here.problems.map(({ code }) => code)).toEqual(['STORE_DENIED']);
    store.fault = () => undefined;
    expect((await ask(to, '/m/config.json')).status).toBe(200);
    expect(await releases(to)).toHaveLength(1);
  });

  it('in a store that lets the server in no more is told 503, to the log too, and nothing of what the store said', async () => {
    const store = await filled();
    await using here = await world({ root: { store, key: 'models', tuning: { attempts: 1 } } });
    const to = { ...here, own: await visitor() };
    store.fault = () => denied;
    for (const path of ['/m/config.json', '/none', '/']) {
      const answer = await ask(to, path);
      expect([path, answer.status]).toEqual([path, 503]);
      expect(answer.body.toString()).not.toContain('secret');
    }
    expect(here.problems.some(({ code }) => code === 'STORE_DENIED')).toBe(true);
    store.fault = () => undefined;
    expect((await ask(to, '/m/config.json')).status).toBe(200);
    expect((await ask(to, '/none')).status).toBe(404);
  });

  it('in a store that lists nothing and denies what is not there is 404, once something could be read', async () => {
    const store = await filled();
    store.fault = ({ method, key }) => (method === 'list' || !store.objects.has(key) ? denied : undefined);
    await using here = await world({ root: { store, key: 'models', tuning: { attempts: 1 } } });
    const to = { ...here, own: await visitor() };
    expect((await ask(to, '/m/config.json')).status).toBe(200);
    expect((await ask(to, '/none')).status).toBe(404);
  });
});

describe('with --any', () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const privateKey = {
    pem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    der: key.export({ type: 'sec1', format: 'der' }),
    encrypted: key.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: 'secret' }),
    jwk: key.export({ format: 'jwk' }),
  };
  it.each([
    ['in PEM behind a long chain', `${'-----BEGIN CERTIFICATE-----\n'.repeat(400)}${privateKey.pem}`],
    ['in PEM in UTF-16', Buffer.from(privateKey.pem, 'utf16le')],
    ['in DER', privateKey.der],
    ['in DER, encrypted', privateKey.encrypted],
    ['in a JWK', JSON.stringify(privateKey.jwk)],
  ] as const)('a private key %s is not served', async (_, bytes) => {
    const root = await place.directory();
    await mkdir(join(root, 'x'));
    await writeFile(join(root, 'x/file'), bytes);
    await writeFile(join(root, 'x/plain'), 'd'.repeat(5000));
    await using here = await world({ root, any: true });
    const to = { ...here, own: await visitor() };
    expect((await ask(to, '/x/file')).status).toBe(404);
    expect((await ask(to, '/x/plain')).status).toBe(200);
  });
});
