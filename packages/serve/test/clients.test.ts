import { once } from 'node:events';
import { open as openFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { ReloadingTls } from '@weightseal/transit';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporary } from '../../core/test/support/temporary.ts';
import {
  authority,
  client,
  crl,
  DAY,
  type Made,
  server,
  spiffe,
} from '../../transit/test/support/authorities.ts';
import { agentOf, ask, ended, raw, session } from './support/ask.ts';
import { authorities, EVERYTHING, sealFile, visitor, type World, world } from './support/world.ts';

const place = await temporary();
const root = await place.directory();
const id = spiffe('spiffe://prod/serving/a');
const pem = (text: string) => ({ pem: text });
beforeAll(() => sealFile(join(root, 'llama'), { model: 'llama' }));

/** Whoever is refused in the handshake learns only that the connection is closed. */
async function turnedAway(here: World, own?: Pick<Made, 'pem' | 'key'>): Promise<void> {
  const shown = own && { cert: own.pem, key: own.key };
  const socket = connect({ host: '127.0.0.1', port: here.port, ca: here.root.pem, ...shown });
  let answer = '';
  socket.on('error', () => {});
  socket.on('data', (data: Buffer) => {
    answer += data.toString('latin1');
  });
  socket.write('GET /llama HTTP/1.1\r\nhost: a\r\n\r\n');
  await ended(socket);
  expect(answer).toBe('');
}

describe('a client is refused, and the log says why, that', () => {
  it.each([
    ['shows no certificate', 'CERTIFICATE_MISSING', () => Promise.resolve(undefined)],
    [
      'is of another authority',
      'CERTIFICATE_UNTRUSTED',
      async () => await client(await authority(), { names: id }),
    ],
    [
      'has one that has ended',
      'CERTIFICATE_EXPIRED',
      async (own: Made) => await client(own, { names: id, from: -3 * DAY, until: -DAY }),
    ],
    [
      'has one that does not count yet',
      'CERTIFICATE_NOT_YET_VALID',
      async (own: Made) => await client(own, { names: id, from: DAY }),
    ],
    [
      'has one of a server',
      'CERTIFICATE_USAGE',
      async (own: Made) => await client(own, { names: id, purposes: ['server'] }),
    ],
  ] as const)('%s: %s', async (_, code, make) => {
    await using here = await world({ root });
    await turnedAway(here, await make(here.root));
    expect(await here.logged((record) => record.code === code)).toMatchObject({
      client: [],
      status: 0,
      bytes: 0,
    });
    expect(here.server.metrics()).toContain(`weightseal_serve_refused_total{code="${code}"} 1`);
  });

  it('was revoked, in the handshake and, where it was connected before, at its next request', async () => {
    const { root: ca, own } = await authorities();
    const [honest, revoked] = [await visitor(), await visitor('spiffe://prod/serving/b')];
    const at = join(await place.directory(), 'crl.pem');
    await writeFile(at, await crl(ca));
    const tls = await ReloadingTls.create({
      role: 'server',
      certificate: pem(own.pem),
      key: pem(own.key),
      ca: pem(ca.pem),
      crl: at,
    });
    await using here = await world({ root, tls });
    const agent = agentOf({ ...here, own: revoked });
    const get = () => ask({ ...here, own: revoked }, '/llama', {}, { agent });
    expect((await get()).status).toBe(200);
    await writeFile(`${at}.new`, await crl(ca, [revoked]));
    await rename(`${at}.new`, at);
    expect(await tls.reload()).toBe(true);
    const refused = await get();
    expect([refused.status, JSON.parse(refused.body.toString()).code]).toEqual([403, 'CERTIFICATE_REVOKED']);
    await turnedAway(here, revoked);
    await here.logged(({ code, status }) => code === 'CERTIFICATE_REVOKED' && status === 0);
    expect((await ask({ ...here, own: honest }, '/llama')).status).toBe(200);
    agent.destroy();
  });

  it.each([
    ['names no purpose', 'CERTIFICATE_USAGE', { names: id, purposes: undefined }],
    ['is named by no rule', 'CLIENT_FORBIDDEN', { names: spiffe('spiffe://prod/other') }],
  ] as const)('%s: %s, whether or not there is such a thing', async (_, code, wanted) => {
    await using here = await world({ root });
    const to = { ...here, own: await client(here.root, wanted) };
    for (const path of ['/llama', '/nothing', '/', '/../..'])
      expect(await ask(to, path)).toMatchObject({
        status: 403,
        headers: { 'content-type': 'application/problem+json' },
      });
    expect(JSON.parse((await ask(to, '/llama')).body.toString())).toMatchObject({ code });
    // The log says who it was.
    expect(await here.logged((record) => record.code === code)).toMatchObject({
      status: 403,
      client: [(wanted.names as { value: string }[])[0]!.value],
      remote: '127.0.0.1',
    });
  });

  it('may have another model: it is told no more than that, and the log says which', async () => {
    await using here = await world({
      root,
      rules: { clients: [{ names: ['spiffe://prod/serving/*'], models: ['bert'] }] },
    });
    const refused = await ask({ ...here, own: await visitor() }, '/llama');
    expect([refused.status, JSON.parse(refused.body.toString())]).toEqual([
      403,
      {
        code: 'CLIENT_FORBIDDEN',
        message: 'This client may not have that; the log of the server says why.',
      },
    ]);
    expect(await here.logged(() => true)).toMatchObject({
      code: 'CLIENT_FORBIDDEN',
      model: 'llama',
      path: '/llama',
    });
  });
});

it('certificates that are renewed are shown to whoever comes, and open connections go on', async () => {
  const { root: ca, own } = await authorities();
  const directory = await place.directory();
  const [certificate, key] = [join(directory, 'server.pem'), join(directory, 'server-key.pem')];
  await writeFile(certificate, own.pem);
  await writeFile(key, own.key, { mode: 0o600 });
  const tls = await ReloadingTls.create({ role: 'server', certificate, key, ca: pem(ca.pem) });
  await using here = await world({ root, tls });
  const to = { ...here, own: await visitor() };
  const agent = agentOf(to);
  const over = session(to);
  await once(over, 'connect');
  await ask(to, '/llama', {}, { agent });
  const renewed = await server(ca, { name: 'CN=renewed' });
  await writeFile(certificate, renewed.pem);
  await writeFile(key, renewed.key);
  expect(await tls.reload()).toBe(true);
  expect((await ask(to, '/llama', {}, { agent })).status).toBe(200);
  expect(here.server.connections).toBe(2);
  const socket = await raw(to);
  expect(socket.getPeerCertificate().subject.CN).toBe('renewed');
  socket.destroy();
  agent.destroy();
  over.destroy();
});

it('rules that are given anew count from the next request on, and wrong ones do not', async () => {
  await using here = await world({ root });
  const to = { ...here, own: await visitor() };
  const agent = agentOf(to);
  expect((await ask(to, '/llama', {}, { agent })).status).toBe(200);
  here.server.setRules({ clients: [{ names: ['spiffe://prod/other'], models: ['**'] }] });
  expect((await ask(to, '/llama', {}, { agent })).status).toBe(403);
  expect(() => here.server.setRules({ clients: [{ names: [], models: ['**'] }] })).toThrow(/rule/);
  expect((await ask(to, '/llama', {}, { agent })).status).toBe(403);
  here.server.setRules(EVERYTHING);
  expect((await ask(to, '/llama', {}, { agent })).status).toBe(200);
  agent.destroy();
});

describe('what cannot be a server of models', () => {
  it('listens at a descriptor that is no socket', async () => {
    await using file = await openFile(join(root, 'llama'));
    await expect(world({ root, listen: { fd: file.fd } })).rejects.toMatchObject({
      code: 'IO_ERROR',
      message: expect.stringMatching(/no stream socket.*ListenStream=/),
    });
  });

  it('takes any client: there is no such option', async () => {
    await expect(world({ root, requestCert: false } as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(world({ root, tls: { tls: {} } as never })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('takes certificates for development where others reach it', async () => {
    await expect(world({ root, development: true, listen: { host: '0.0.0.0' } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await using here = await world({ root, development: true });
    expect((await ask({ ...here, own: await visitor() }, '/llama')).status).toBe(200);
  });

  it.each([
    ['no rules', { rules: undefined }],
    ['rules that are none', { rules: { clients: [{ names: [], models: ['**'] }] } }],
    ['a limit of no number', { limits: { requests: 0 } }],
    ['a limit that nobody knows', { limits: { request: 1 } }],
    ['no root', { root: undefined }],
  ] as const)('has %s', async (_, wrong) => {
    await expect(world({ root, rules: EVERYTHING, ...(wrong as object) })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('is of a directory that is not there', async () => {
    await expect(world({ root: join(root, 'none') })).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
  });
});
