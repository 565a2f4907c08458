import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporary } from '../../core/test/support/temporary.ts';
import type { Made } from '../../transit/test/support/authorities.ts';
import { agentOf, ask, askHttp2, session } from './support/ask.ts';
import { EVERYTHING, sealFile, sealModel, visitor, type World, world } from './support/world.ts';

const place = await temporary();
const root = await place.directory();
let own: Made;
beforeAll(async () => {
  await sealFile(join(root, 'llama/3.1.weightseal'), { model: 'llama', version: '3.1' });
  await sealFile(join(root, 'odd name%25 é'), {});
  await sealModel(join(root, 'bert/1'), { model: 'bert', version: '1' });
  await rm(join(root, 'bert/1.plain'), { recursive: true });
  await writeFile(join(root, 'plain.safetensors'), 'x'.repeat(20_000));
  await writeFile(join(root, 'bert/1/stranger.bin'), 'none of the bundle');
  await writeFile(join(root, 'llama/key.pem'), '-----BEGIN PRIVATE KEY-----\n');
  own = await visitor();
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('a sealed file', () => {
  it('comes as it lies there, over both versions of HTTP, with its digest', async () => {
    await using here = await world({ root });
    const bytes = await readFile(join(root, 'llama/3.1.weightseal'));
    const to = { ...here, own };
    const over = session(to);
    for (const answer of [
      await ask(to, '/llama/3.1.weightseal'),
      await askHttp2(over, '/llama/3.1.weightseal'),
    ]) {
      expect(answer).toMatchObject({ status: 200, cut: false });
      expect(answer.body.equals(bytes)).toBe(true);
      expect(answer.headers).toMatchObject({
        etag: `"sha256-${sha256(bytes)}"`,
        'repr-digest': `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`,
        'content-length': String(bytes.length),
        'accept-ranges': 'bytes',
        'cache-control': 'private, no-transform',
        'content-type': 'application/octet-stream',
      });
    }
    over.close();
    const record = await here.logged(({ protocol }) => protocol === '2.0');
    expect(record).toEqual({
      time: expect.stringMatching(/Z$/),
      client: ['spiffe://prod/serving/a'],
      remote: '127.0.0.1',
      method: 'GET',
      path: '/llama/3.1.weightseal',
      protocol: '2.0',
      status: 200,
      bytes: bytes.length,
      ms: expect.any(Number),
      model: 'llama',
      version: '3.1',
    });
  });

  it('in ranges, with conditions, and by HEAD', async () => {
    await using here = await world({ root });
    const bytes = await readFile(join(root, 'llama/3.1.weightseal'));
    const to = { ...here, own };
    const agent = agentOf(to);
    const get = (headers: Record<string, string>, method = 'GET') =>
      ask(to, '/llama/3.1.weightseal', headers, { method, agent });
    const etag = `"sha256-${sha256(bytes)}"`;
    const middle = await get({ range: 'bytes=1000-70000' });
    expect(middle).toMatchObject({
      status: 206,
      headers: { 'content-range': `bytes 1000-70000/${bytes.length}` },
    });
    expect(middle.body.equals(bytes.subarray(1000, 70_001))).toBe(true);
    expect((await get({ range: 'bytes=-5' })).body.equals(bytes.subarray(-5))).toBe(true);
    expect((await get({ range: 'bytes=0-1,5-6' })).body.length).toBe(bytes.length);
    expect(await get({ range: `bytes=${bytes.length}-` })).toMatchObject({
      status: 416,
      headers: { 'content-range': `bytes */${bytes.length}`, 'content-type': 'application/problem+json' },
    });
    expect((await get({ range: 'bytes=0-9', 'if-range': etag })).status).toBe(206);
    expect((await get({ range: 'bytes=0-9', 'if-range': '"another"' })).status).toBe(200);
    const same = await get({ 'if-none-match': etag });
    expect([same.status, same.body.length, same.headers['etag']]).toEqual([304, 0, etag]);
    const failed = await get({ 'if-match': '"another"' });
    expect([failed.status, JSON.parse(failed.body.toString()).code, failed.headers['etag']]).toEqual([
      412,
      'INPUT_CHANGED',
      etag,
    ]);
    const head = await get({ range: 'bytes=0-9' }, 'HEAD');
    expect([head.status, head.body.length, head.headers['content-length']]).toEqual([
      200,
      0,
      String(bytes.length),
    ]);
    agent.destroy();
  });

  it('has its manifest beside it', async () => {
    await using here = await world({ root });
    const path = 'llama/3.1.weightseal.weightseal.manifest.json';
    const answer = await ask({ ...here, own }, `/${path}`);
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    expect(answer.body.equals(await readFile(join(root, path)))).toBe(true);
  });

  it('of no model is asked for by its path, whatever characters that has', async () => {
    await using here = await world({
      root,
      rules: { clients: [{ names: ['spiffe://prod/serving/*'], models: ['odd*'] }] },
    });
    expect((await ask({ ...here, own }, '/odd%20name%2525%20%C3%A9')).status).toBe(200);
    expect((await ask({ ...here, own }, '/llama/3.1.weightseal')).status).toBe(403);
  });
});

describe('a bundle', () => {
  it('comes in the files that its manifest names, and no others', async () => {
    await using here = await world({ root });
    const to = { ...here, own };
    const manifest = await ask(to, '/bert/1/weightseal.manifest.json');
    expect(manifest.status).toBe(200);
    const { files } = JSON.parse(manifest.body.toString()) as { files: { path: string; sha256: string }[] };
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      const answer = await ask(to, `/bert/1/${file.path}`);
      expect([answer.status, sha256(answer.body), answer.headers['etag']]).toEqual([
        200,
        file.sha256,
        `"sha256-${file.sha256}"`,
      ]);
    }
    expect((await ask(to, '/bert/1/weightseal.json')).status).toBe(200);
    expect((await ask(to, '/bert/1/stranger.bin')).status).toBe(404);
    expect((await ask(to, '/bert/1')).status).toBe(404);
  });

  it('that is the root itself, and one without a manifest', async () => {
    const alone = await place.directory();
    await cp(join(root, 'bert/1'), alone, { recursive: true });
    await using here = await world({ root: alone });
    const to = { ...here, own };
    expect((await ask(to, '/weightseal.table')).status).toBe(200);
    expect(JSON.parse((await ask(to, '/')).body.toString()).releases).toMatchObject([
      { path: '', kind: 'bundle', model: 'bert' },
    ]);
    await rm(join(alone, 'weightseal.manifest.json'));
    expect((await ask(to, '/weightseal.table')).status).toBe(404);
    expect(JSON.parse((await ask(to, '/')).body.toString()).releases).toEqual([]);
  });

  it('as a hub has it in its cache: links to blobs, and only to those', async () => {
    const cache = await place.directory();
    const snapshot = join(cache, 'models--acme--bert/snapshots/abc');
    const blobs = join(cache, 'models--acme--bert/blobs');
    await mkdir(snapshot, { recursive: true });
    await mkdir(blobs);
    for (const name of ['weightseal.json', 'weightseal.table', 'weightseal.manifest.json']) {
      await cp(join(root, 'bert/1', name), join(blobs, `blob-of-${name}`));
      await symlink(`../../blobs/blob-of-${name}`, join(snapshot, name));
    }
    const { files } = JSON.parse((await readFile(join(root, 'bert/1/weightseal.manifest.json'))).toString());
    const member = files.find(({ path }: { path: string }) => path.startsWith('model')).path as string;
    await symlink(join(root, 'bert/1', member), join(snapshot, member));
    await using here = await world({ root: cache });
    const to = { ...here, own };
    expect((await ask(to, '/models--acme--bert/snapshots/abc/weightseal.table')).status).toBe(200);
    expect((await ask(to, `/models--acme--bert/snapshots/abc/${member}`)).status).toBe(404);
  });
});

describe('a document of a release', () => {
  const mediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json';

  it('that signs is served beside what it signs, a file or a bundle, to whom may have that', async () => {
    const signed = await place.directory();
    await cp(root, signed, { recursive: true });
    const paths = ['llama/3.1.weightseal.weightseal.sig', 'bert/1/weightseal.sig'];
    // That of a bundle names each of its files.
    const payload = ['', 'x'.repeat(2_000_000)];
    for (const [at, path] of paths.entries())
      await writeFile(
        join(signed, path),
        JSON.stringify({ mediaType, dsseEnvelope: { payload: payload[at] } }),
      );
    const rules = {
      clients: [...EVERYTHING.clients, { names: ['spiffe://prod/edge'], models: ['bert'] }],
    };
    await using here = await world({ root: signed, rules });
    const edge = await visitor('spiffe://prod/edge');
    for (const path of paths) expect((await ask({ ...here, own }, `/${path}`)).status).toBe(200);
    expect((await ask({ ...here, own: edge }, `/${paths[0]}`)).status).toBe(403);
    expect((await ask({ ...here, own: edge }, `/${paths[1]}`)).status).toBe(200);
  });

  it('that is a channel is served to whom may have the release that it names', async () => {
    const released = await place.directory();
    const statement = {
      predicateType: 'weightseal/channel/v1',
      predicate: { model: 'llama', version: '3.1' },
    };
    const payload = Buffer.from(JSON.stringify(statement)).toString('base64');
    await mkdir(join(released, 'llama'));
    const path = 'llama/weightseal.channel.json';
    await writeFile(join(released, path), JSON.stringify({ mediaType, dsseEnvelope: { payload } }));
    const rules = {
      clients: [
        { names: ['spiffe://prod/serving/*'], models: ['llama'], versions: ['3*'] },
        { names: ['spiffe://prod/edge'], models: ['llama'], versions: ['2*'] },
      ],
    };
    await using here = await world({ root: released, rules });
    expect((await ask({ ...here, own }, `/${path}`)).status).toBe(200);
    const edge = await visitor('spiffe://prod/edge');
    expect((await ask({ ...here, own: edge }, `/${path}`)).status).toBe(403);
  });
});

describe('what is not served', () => {
  it('is plain, hidden, of a killed command, a key, behind a link, no file at all', async () => {
    const other = await place.directory();
    await cp(root, other, { recursive: true });
    const secret = join(await place.directory(), 'secret.weightseal');
    await sealFile(secret, { model: 'secret' });
    await symlink(secret, join(other, 'linked.weightseal'));
    await symlink(join(secret, '..'), join(other, 'linked'));
    await mkdir(join(other, '.0123456789abcdef.weightseal-tmp'));
    await cp(secret, join(other, '.0123456789abcdef.weightseal-tmp/new'));
    await cp(secret, join(other, '.hidden'));
    await writeFile(join(other, 'cut'), (await readFile(secret)).subarray(0, -100));
    await writeFile(join(other, 'none.weightseal.manifest.json'), '{"secret":1}');
    await writeFile(join(other, 'llama/3.1.weightseal.weightseal.sig'), 'a key that a link led to');
    await writeFile(join(other, 'weightseal.channel.json'), '{"mediaType":"none"}');
    const paths = [
      'plain.safetensors',
      'llama/key.pem',
      'llama',
      'linked.weightseal',
      'linked/secret.weightseal',
      '.0123456789abcdef.weightseal-tmp/new',
      '.hidden',
      'cut',
      'none.weightseal.manifest.json',
      'llama/3.1.weightseal.weightseal.sig',
      'weightseal.channel.json',
      'nothing',
      '../secret.weightseal',
      '%2e%2e/secret.weightseal',
    ];
    await using here = await world({ root: other });
    for (const path of paths)
      expect([path, (await ask({ ...here, own }, `/${path}`)).status]).toEqual([path, 404]);
    await using any = await world({ root: other, any: true });
    const served: string[] = [];
    for (const path of paths) if ((await ask({ ...any, own }, `/${path}`)).status === 200) served.push(path);
    expect(served).toEqual([
      'plain.safetensors',
      'cut',
      'none.weightseal.manifest.json',
      'llama/3.1.weightseal.weightseal.sig',
      'weightseal.channel.json',
    ]);
  });

  it('is anything but GET and HEAD, and whatever has a body', async () => {
    await using here = await world({ root });
    const to = { ...here, own };
    const post = await ask(to, '/llama/3.1.weightseal', {}, { method: 'POST' });
    expect([post.status, post.headers['allow']]).toEqual([405, 'GET, HEAD']);
    expect((await ask(to, '/', { 'content-length': '1' })).status).toBe(400);
  });
});

describe('the index', () => {
  const indexFor = async (here: World, id?: string) => {
    const answer = await ask({ ...here, own: id === undefined ? own : await visitor(id) }, '/');
    return JSON.parse(answer.body.toString()) as { format: string; releases: { path: string }[] };
  };

  it('names what is sealed, with its manifest', async () => {
    await using here = await world({ root });
    const { format, releases } = await indexFor(here);
    const manifest = 'llama/3.1.weightseal.weightseal.manifest.json';
    expect(format).toBe('weightseal index v1');
    expect(releases).toEqual([
      {
        path: 'bert/1',
        kind: 'bundle',
        model: 'bert',
        version: '1',
        manifest: 'bert/1/weightseal.manifest.json',
        manifestSha256: sha256(await readFile(join(root, 'bert/1/weightseal.manifest.json'))),
        sealedSize: expect.any(Number),
      },
      {
        path: 'llama/3.1.weightseal',
        kind: 'file',
        model: 'llama',
        version: '3.1',
        manifest,
        manifestSha256: sha256(await readFile(join(root, manifest))),
        sealedSize: (await readFile(join(root, 'llama/3.1.weightseal'))).length,
      },
      expect.objectContaining({ path: 'odd name%25 é', kind: 'file' }),
    ]);
  });

  it('has only what this client may have, and a new version without a restart', async () => {
    const growing = await place.directory();
    await sealFile(join(growing, 'llama-3'), { model: 'llama', version: '3' });
    await sealFile(join(growing, 'bert-1'), { model: 'bert', version: '1' });
    const rules = {
      clients: [
        ...EVERYTHING.clients,
        { names: ['spiffe://prod/edge'], models: ['llama'], versions: ['3', '4'] },
      ],
    };
    await using here = await world({ root: growing, rules });
    const of = async (id?: string) => (await indexFor(here, id)).releases.map(({ path }) => path);
    expect(await of()).toEqual(['bert-1', 'llama-3']);
    expect(await of('spiffe://prod/edge')).toEqual(['llama-3']);
    await sealFile(join(growing, 'llama-4'), { model: 'llama', version: '4' });
    await sealFile(join(growing, 'llama-5'), { model: 'llama', version: '5' });
    expect(await of('spiffe://prod/edge')).toEqual(['llama-3', 'llama-4']);
    const edge = { ...here, own: await visitor('spiffe://prod/edge') };
    expect((await ask(edge, '/llama-4')).status).toBe(200);
    expect((await ask(edge, '/llama-5')).status).toBe(403);
  });
});
