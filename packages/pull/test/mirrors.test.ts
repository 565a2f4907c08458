import { cp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_NAME } from '@weightseal/core';
import { httpFaultProxy } from '@weightseal/fault-proxy';
import { type Pulled, pull } from '@weightseal/pull';
import { httpLocationFromUri } from '@weightseal/store-http';
import { afterEach, describe, expect, it } from 'vitest';
import { acme, bytesOf, fresh, MIB, releasedBundle, sign, treeOf, visible } from './support/releases.js';
import { Served } from './support/served.js';

const site = await fresh();
const MEMBERS = {
  'long.bin': bytesOf(4.5 * MIB, 1),
  'middle.bin': bytesOf(500_000, 2),
  'small.bin': bytesOf(100, 3),
};
await releasedBundle(join(site, 'llama'), MEMBERS, { context: { model: 'acme/llama', version: '2' } });
const tree = await treeOf(join(site, 'llama'));
const stale = await fresh();
await releasedBundle(join(stale, 'llama'), MEMBERS, { context: { model: 'acme/llama', version: '1' } });
const signers = [acme.signer];

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});
async function mirror(root = site): Promise<Served> {
  const server = await Served.start(root);
  open.push(server);
  return server;
}
const flipped = (bytes: Buffer): Buffer => {
  const other = Buffer.from(bytes);
  other[other.length - 100]! ^= 1;
  return other;
};

interface Outcome {
  readonly to: string;
  readonly pulled: Pulled;
  readonly givenUp: readonly (readonly [string, string])[];
}
async function pullFrom(servers: readonly Served[], tuning = {}): Promise<Outcome> {
  const to = join(await fresh(), 'llama');
  const givenUp: [string, string][] = [];
  const pulled = await pull(
    servers.map((one) => one.at('llama', tuning)),
    to,
    { signers, onGivenUp: (uri, { code }) => void givenUp.push([uri, code]) },
  );
  expect(await treeOf(to)).toEqual(tree);
  return { to, pulled, givenUp };
}
const uri = ({ url }: Served) => `${url}/llama`;

describe('of several mirrors', () => {
  it('the first that is well is asked, and the others are not', async () => {
    const [one, two] = [await mirror(), await mirror()];
    const { pulled } = await pullFrom([one, two]);
    expect(pulled.mirrors).toEqual([
      { uri: uri(one), bytes: pulled.fetched },
      { uri: uri(two), bytes: 0 },
    ]);
    expect(two.asked).toEqual([]);
  });

  it('one that serves other bytes is given up, and they come from the next', async () => {
    const [bad, good] = [await mirror(), await mirror()];
    bad.change = (path, bytes) => (path.endsWith('long.bin.sealed') ? flipped(bytes) : bytes);
    const { pulled, givenUp } = await pullFrom([bad, good]);
    expect(givenUp).toEqual([[uri(bad), 'MEMBER_TAMPERED']]);
    expect(pulled.mirrors[0]?.givenUp?.message).toContain('"long.bin.sealed" of ');
  });

  it('one that has an older release is given up before it is asked for files', async () => {
    const [dying, old, good] = [await mirror(), await mirror(stale), await mirror()];
    dying.instead = ({ path }, response) => {
      if (!path.endsWith('.sealed')) return false;
      response.destroy();
      return true;
    };
    const { givenUp } = await pullFrom([dying, old, good]);
    expect(givenUp).toEqual([[uri(old), 'MANIFEST_MISMATCH']]);
    expect(old.asked.filter(({ path }) => path.endsWith('.sealed'))).toEqual([]);
  });

  it('one that dies half way has done what it has done', async () => {
    const [dying, good] = [await mirror(), await mirror()];
    dying.instead = (_, response) => {
      if (dying.sent < 2 * MIB) return false;
      response.destroy();
      return true;
    };
    const { pulled } = await pullFrom([dying, good]);
    const [first, second] = pulled.mirrors.map(({ bytes }) => bytes);
    expect([first! > 0, second! > 0, first! + second! < 1.5 * pulled.sealedSize]).toEqual([true, true, true]);
  });

  it('nobody knows of parts of two whose they were: what is wrong comes again from one alone', async () => {
    // The first sends one stretch that is wrong and then is gone, so that the rest is the second's.
    const [bad, good] = [await mirror(), await mirror()];
    bad.change = (path, bytes) => {
      const other = Buffer.from(bytes);
      if (path.endsWith('long.bin.sealed')) other[2 * MIB]! ^= 1;
      return other;
    };
    bad.instead = ({ path, range }, response) => {
      if (!path.endsWith('long.bin.sealed') || !range || range[0] < 4 * MIB) return false;
      response.destroy();
      return true;
    };
    const { givenUp } = await pullFrom([bad, good]);
    expect(givenUp.every(([from]) => from === uri(bad))).toBe(true);
  });

  it('an object that is swapped between two ranges is mixed with nothing', async () => {
    const own = await fresh();
    await cp(join(site, 'llama'), join(own, 'llama'), { recursive: true });
    const [swapped, good] = [await mirror(own), await mirror()];
    const at = join(own, 'llama/long.bin.sealed');
    let done = false;
    swapped.instead = async ({ path, range }) => {
      if (!done && path.endsWith('long.bin.sealed') && range && range[0] > 0) {
        done = true;
        await writeFile(`${at}.new`, flipped(await readFile(at)));
        await rename(`${at}.new`, at);
      }
      return false;
    };
    const { givenUp } = await pullFrom([swapped, good]);
    expect(givenUp).toEqual([[uri(swapped), 'INPUT_CHANGED']]);
    expect(await pullFrom([swapped]).catch(({ code }) => code)).toBe('MEMBER_TAMPERED');
  });

  it('who calls the same bytes otherwise is as good', async () => {
    const [one, two] = [await mirror(), await mirror()];
    one.etag = () => '"a"';
    two.etag = () => '"b"';
    one.instead = ({ range }, response) => {
      if (!range || range[0] < MIB) return false;
      response.destroy();
      return true;
    };
    await pullFrom([one, two]);
    expect(two.sent).toBeGreaterThan(2 * MIB);
  });

  it('none is left when all are wrong, which is told of each', async () => {
    const [bad, old] = [await mirror(), await mirror(stale)];
    bad.change = (path, bytes) => (path.endsWith('middle.bin.sealed') ? flipped(bytes) : bytes);
    const to = join(await fresh(), 'llama');
    const error = await pull([bad.at('llama'), old.at('llama')], to, { signers }).catch((thrown) => thrown);
    expect(error).toMatchObject({
      code: 'MANIFEST_MISMATCH',
      message: expect.stringContaining('No mirror is left'),
    });
    expect(error.failures.map(({ code }: { code: string }) => code)).toEqual([
      'MEMBER_TAMPERED',
      'MANIFEST_MISMATCH',
    ]);
    expect(await visible(join(to, '..'))).toEqual([]);
  });
});

describe('through what goes wrong on the way', () => {
  const tuning = { requestTimeoutMs: 500, attempts: 8, requestBytes: MIB };
  const FAULTS = {
    'resets in the middle': { kind: 'reset', times: 4 },
    'answers that stop': { kind: 'hang', times: 2 },
    'answers that end early': { kind: 'truncate', times: 4 },
    'a storm of 503': {
      kind: 'answer',
      times: 6,
      answer: { status: 503, headers: {}, body: Buffer.alloc(0) },
    },
  } as const;
  it.each(Object.entries(FAULTS))('%s', async (_name, fault) => {
    await using server = await Served.start(site, { tls: false });
    await using proxy = await httpFaultProxy({ upstream: server.url });
    const { store, key } = httpLocationFromUri(`${proxy.url}/llama`);
    const to = join(await fresh(), 'llama');
    proxy.fault = { ...fault, when: ({ path }) => path.endsWith('.sealed') };
    await pull({ store, key, tuning }, to, { signers });
    expect(await treeOf(to)).toEqual(tree);
    await store.close();
  });

  it.each([
    [
      'a range that nobody asked for',
      'STORE_RESPONSE_INVALID',
      (range: string) => range.replace(/bytes \d+/, 'bytes 1'),
    ],
    [
      'a size that is another',
      'MEMBER_TAMPERED',
      (range: string) => range.replace(/\d+$/, (size) => String(Number(size) + 1)),
    ],
  ])('%s is refused', async (_what, code, change) => {
    await using server = await Served.start(site, { tls: false });
    await using proxy = await httpFaultProxy({ upstream: server.url });
    const { store, key } = httpLocationFromUri(`${proxy.url}/llama`);
    const to = join(await fresh(), 'llama');
    proxy.fault = {
      kind: 'rewrite',
      when: ({ path }) => path.endsWith('.sealed'),
      rewrite: (answer) => ({
        ...answer,
        headers: { ...answer.headers, 'content-range': change(String(answer.headers['content-range'])) },
      }),
    };
    const error = await pull({ store, key, tuning }, to, { signers }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code });
    expect(await visible(join(to, '..'))).toEqual([]);
    await store.close();
  });

  it('a server that asks for time gets it', async () => {
    const server = await mirror();
    const at: number[] = [];
    server.instead = ({ path }, response) => {
      if (!path.endsWith('small.bin.sealed')) return false;
      at.push(performance.now());
      if (at.length > 1) return false;
      response.writeHead(503, { 'retry-after': '1' }).end();
      return true;
    };
    await pullFrom([server]);
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(1000);
  });
});

describe('from one version to the next', () => {
  const next = (path: string, previous: string) =>
    releasedBundle(
      path,
      { ...MEMBERS, 'small.bin': bytesOf(200, 9), 'new.bin': bytesOf(5000, 8) },
      {
        context: { model: 'acme/llama', version: '3' },
        reuse: previous,
      },
    );

  it.each([
    ['named', (older: string) => ({ previous: older })],
    ['beside the target', () => ({})],
  ])('only what is new comes, where the older one is %s', async (_where, more) => {
    const newer = await fresh();
    await next(join(newer, 'llama'), join(site, 'llama'));
    const [old, server] = [await mirror(), await mirror(newer)];
    const here = await fresh();
    await pull(old.at('llama'), join(here, 'llama-2'), { signers });
    const pulled = await pull(server.at('llama'), join(here, 'llama-3'), {
      signers,
      ...more(join(here, 'llama-2')),
    });
    expect(await treeOf(join(here, 'llama-3'))).toEqual(await treeOf(join(newer, 'llama')));
    expect(pulled.reused).toBeGreaterThan(4.5 * MIB);
    expect(pulled.fetched).toBeLessThan(100_000);
    expect(server.asked.filter(({ path }) => /(?:long|middle)\.bin/.test(path))).toEqual([]);
  });

  it('the older one at the target gives way to the new one, and is hashed before it counts', async () => {
    const newer = await fresh();
    await next(join(newer, 'llama'), join(site, 'llama'));
    const [old, server] = [await mirror(), await mirror(newer)];
    const to = join(await fresh(), 'llama');
    await pull(old.at('llama'), to, { signers });
    const spoilt = join(to, 'middle.bin.sealed');
    await writeFile(spoilt, flipped(await readFile(spoilt)));
    await utimes(spoilt, 1, 1);
    const pulled = await pull(server.at('llama'), to, { signers, overwrite: true });
    expect(await treeOf(to)).toEqual(await treeOf(join(newer, 'llama')));
    expect([pulled.reused > 4.5 * MIB, pulled.fetched > 500_000, pulled.fetched < 700_000]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('one that was named must say what it has', async () => {
    const server = await mirror();
    const path = await fresh();
    await expect(
      pull(server.at('llama'), join(path, 'x'), { signers, previous: path }),
    ).rejects.toMatchObject({
      code: 'MANIFEST_MISSING',
    });
  });
});

describe('a manifest that means ill is refused before anything is written', () => {
  const path = async () => join(await fresh(), 'llama');
  it.each([
    [
      'a path that leads out',
      (text: string) => text.replace('long.bin.sealed', '../bin.sealed'),
      'MANIFEST_INVALID',
    ],
    [
      'an absolute path',
      (text: string) => text.replace('long.bin.sealed', '/ong.bin.sealed'),
      'MANIFEST_INVALID',
    ],
    [
      'a name of ours',
      (text: string) => text.replace('"middle.bin.sealed"', '"weightseal.json"'),
      'MANIFEST_INVALID',
    ],
    [
      'more members than there can be',
      (text: string) => text.replace(/"files":\[/, `"files":[${'{},'.repeat(1_048_600)}`),
      'MANIFEST_INVALID',
    ],
    [
      'sizes that nothing has',
      (text: string) => text.replace(/"size":\d+/g, '"size":9007199254740991'),
      'MANIFEST_INVALID',
    ],
    [
      'a size that is not that of the file',
      (text: string) => text.replace(/("path":"long.bin.sealed","sha256":"\w+","size":)\d+/, '$1100'),
      'MEMBER_TAMPERED',
    ],
  ])('%s', async (_what, change, code) => {
    const site = await path();
    await releasedBundle(site, { ...MEMBERS, 'long.bin': bytesOf(MIB, 1) });
    const at = join(site, MANIFEST_NAME);
    const text = await readFile(at, 'utf8');
    expect(change(text)).not.toBe(text);
    await writeFile(at, change(text));
    // Even whoever signs may mean ill; what breaks a rule cannot be signed at all.
    const signed = await sign(site, acme).then(
      () => true,
      () => false,
    );
    if (!signed) await rm(join(site, 'weightseal.sig'));
    const server = await mirror(join(site, '..'));
    const to = await path();
    const options = signed ? { signers } : { unsigned: true };
    await expect(pull(server.at('llama'), to, options)).rejects.toMatchObject({ code });
    expect(await visible(join(to, '..'))).toEqual([]);
    expect(server.sent).toBeLessThan(5 * MIB);
  });
});
