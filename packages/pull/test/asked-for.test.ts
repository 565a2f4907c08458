import { chown, cp, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { rewrap, rewrapBundle, SIGNATURE_NAME } from '@weightseal/core';
import { listReleases, pull } from '@weightseal/pull';
import { createTrust } from '@weightseal/release';
import { afterAll, describe, expect, it } from 'vitest';
import { MemoryKey } from '../../core/test/support/memory-key.js';
import { acme, bytesOf, fresh, keys, releasedBundle, releasedFile, treeOf } from './support/releases.js';
import { Served } from './support/served.js';

// That what comes is what was asked for, and that what is there gives way to nothing else.

const site = await fresh();
await releasedBundle(join(site, 'llama'), { a: bytesOf(1000, 1) });
await releasedBundle(join(site, 'toy'), { a: bytesOf(900, 2) }, { context: { model: 'acme/toy' } });
await releasedFile(join(site, 'bert.sealed'), bytesOf(1000, 3));
const server = await Served.start(site);
afterAll(() => server[Symbol.asyncDispose]());
const signers = [acme.signer];
const target = async () => join(await fresh(), 'x');
const refused = async (attempt: Promise<unknown>) =>
  await attempt.then(
    () => 'taken',
    (error: { code: string }) => error.code,
  );

describe('of all that somebody has signed', () => {
  it('only the model that is named is taken', async () => {
    const context = { model: 'acme/llama' };
    expect(await refused(pull(server.at('toy'), await target(), { signers, context }))).toBe(
      'CONTEXT_MISMATCH',
    );
    expect(await pull(server.at('llama'), await target(), { signers, context })).toMatchObject({ context });
  });

  it('only the release of a digest is taken, from whichever mirror has it', async () => {
    const { digest } = await pull(server.at('llama'), await target(), { signers });
    const asked = { signers, digest: digest.toUpperCase() };
    expect(await refused(pull(server.at('toy'), await target(), asked))).toBe('MANIFEST_MISMATCH');
    const pulled = await pull([server.at('toy'), server.at('llama')], await target(), asked);
    expect([pulled.digest, pulled.mirrors[0]?.givenUp?.code]).toEqual([digest, 'MANIFEST_MISMATCH']);
    expect(await refused(pull(server.at('llama'), await target(), { signers, digest: 'abc' }))).toBe(
      'INVALID_ARGUMENT',
    );
  });

  it('another model takes the place of one only where it is named', async () => {
    const to = await target();
    await pull(server.at('llama'), to, { signers });
    const before = await treeOf(to);
    const overwrite = true;
    expect(await refused(pull(server.at('toy'), to, { signers, overwrite }))).toBe('CONTEXT_MISMATCH');
    expect(await treeOf(to)).toEqual(before);
    await pull(server.at('toy'), to, { signers, overwrite, context: { model: 'acme/toy' } });
    expect(await treeOf(to)).toEqual(await treeOf(join(site, 'toy')));
  });

  it('nothing is taken of which the policy asks nothing', async () => {
    const policy = (require: 'off' | 'warn') =>
      createTrust([{ model: 'acme/*', signers: [], require }], { state: 'none', onWarning: () => {} });
    expect(await refused(pull(server.at('llama'), await target(), { trust: policy('off') }))).toBe(
      'SIGNER_UNTRUSTED',
    );
    expect(await refused(pull(server.at('llama'), await target(), { trust: policy('warn') }))).toBe('taken');
  });
});

describe('an envelope that was written after the one that is served', () => {
  const more = { keys, add: [new MemoryKey('b')] };

  it('stays in a bundle, of which the rest is mended', async () => {
    const to = await target();
    await cp(join(site, 'llama'), to, { recursive: true });
    await rewrapBundle(to, more);
    const wrapped = await treeOf(to);
    expect(await pull(server.at('llama'), to, { signers })).toMatchObject({ envelopeKept: true, fetched: 0 });
    await rm(join(to, 'a.sealed'));
    await pull(server.at('llama'), to, { signers, overwrite: true });
    expect(await treeOf(to)).toEqual(wrapped);
  });

  it('stays in a file', async () => {
    const to = await target();
    await pull(server.at('bert.sealed'), to, { signers });
    await rewrap(to, more);
    const wrapped = await readFile(to);
    const again = await pull(server.at('bert.sealed'), to, { signers, overwrite: true });
    expect([again.envelopeKept, await readFile(to)]).toEqual([true, wrapped]);
  });
});

it('the signature of the file before does not stay beside one that has none', async () => {
  const [to, own] = [await target(), await fresh()];
  await pull(server.at('bert.sealed'), to, { signers });
  await releasedFile(join(own, 'bert.sealed'), bytesOf(800, 4));
  await rm(join(own, `bert.sealed.${SIGNATURE_NAME}`));
  await using other = await Served.start(own);
  await pull(other.at('bert.sealed'), to, { unsigned: true, overwrite: true });
  await expect(stat(`${to}.${SIGNATURE_NAME}`)).rejects.toMatchObject({ code: 'ENOENT' });
});

it.runIf(process.getuid?.() === 0)(
  'files of an older version beside it are not taken from what is another user (as root)',
  async () => {
    const [own, here] = [await fresh(), await fresh()];
    const members = { a: bytesOf(1000, 1), b: bytesOf(10, 5) };
    await releasedBundle(join(own, 'llama'), members, { reuse: join(site, 'llama') });
    await cp(join(site, 'llama'), join(here, 'older'), { recursive: true });
    await using newer = await Served.start(own);
    await chown(join(here, 'older'), 12_345, 12_345);
    expect(await pull(newer.at('llama'), join(here, 'x'), { signers })).toMatchObject({ reused: 0 });
    await chown(join(here, 'older'), 0, 0);
    const { reused } = await pull(newer.at('llama'), join(here, 'y'), { signers, previous: undefined });
    expect(reused).toBeGreaterThan(0);
  },
);

it('a list has what is all of the server, and leaves out what is not understood', async () => {
  const releases = [
    { path: '', kind: 'bundle', model: 'acme/llama' },
    { path: 'later', kind: 'shard' },
    { path: 'bert', kind: 'file' },
  ];
  await using own = await Served.start(site);
  own.instead = (_, response) => {
    response.end(JSON.stringify({ format: 'weightseal index v1', releases }));
    return true;
  };
  expect((await listReleases(own.at(''))).map(({ path }) => path)).toEqual(['', 'bert']);
});
