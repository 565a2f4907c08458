import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ConnectionOptions, connect, createServer, type TlsOptions } from 'node:tls';
import type { ErrorCode } from '@weightseal/core';
import { createTlsOptions } from '@weightseal/transit';
import { beforeAll, describe, expect, it } from 'vitest';
import { authority, client, crl, DAY, issue, type Made, server, spiffe } from './support/authorities.ts';
import { meet, met } from './support/meet.ts';

let root: Made;
let foreign: Made;
let own: Made;
let mine: Made;
beforeAll(async () => {
  [root, foreign] = await Promise.all([authority(), authority({ name: 'CN=Foreign' })]);
  [own, mine] = await Promise.all([server(root), client(root)]);
});

const pem = (text: string) => ({ pem: text });
/** As somebody who uses nothing of ours. */
const raw = (made: Made, ...rest: readonly Made[]): ConnectionOptions & TlsOptions => ({
  key: made.key,
  cert: [made, ...rest].map((one) => one.pem).join(''),
  ca: root.pem,
});
const ofServer = async (rest: object = {}) =>
  createTlsOptions({
    role: 'server',
    certificate: pem(own.pem),
    key: pem(own.key),
    ca: pem(root.pem),
    ...rest,
  });
const ofClient = async (rest: object = {}) =>
  createTlsOptions({
    role: 'client',
    certificate: pem(mine.pem),
    key: pem(mine.key),
    ca: pem(root.pem),
    ...rest,
  });

it('two sides of one authority meet, by address and by name', async () => {
  expect(await meet(await ofServer(), await ofClient())).toEqual(met);
  expect(await meet(await ofServer(), { ...(await ofClient()), servername: 'localhost' })).toEqual(met);
  const lists = { crl: pem(await crl(root)) };
  expect(await meet(await ofServer(lists), await ofClient(lists))).toEqual(met);
});

describe('a server refuses a client', () => {
  it.each<[string, () => Promise<ConnectionOptions>, ErrorCode]>([
    ['of TLS 1.2', async () => ({ ...raw(mine), maxVersion: 'TLSv1.2' }), 'TLS_REFUSED'],
    ['without a certificate', async () => ({ ca: root.pem }), 'CERTIFICATE_MISSING'],
    [
      'that has ended',
      async () => raw(await client(root, { from: -3 * DAY, until: -DAY })),
      'CERTIFICATE_EXPIRED',
    ],
    ['that has not begun', async () => raw(await client(root, { from: DAY })), 'CERTIFICATE_NOT_YET_VALID'],
    ['of another authority', async () => raw(await client(foreign)), 'CERTIFICATE_UNTRUSTED'],
    ['of its own making', async () => raw(await issue({ purposes: ['client'] })), 'CERTIFICATE_UNTRUSTED'],
    ['with a certificate of servers', async () => raw(await server(root)), 'CERTIFICATE_USAGE'],
    [
      'that another protocol is spoken with',
      async () => ({ ...raw(mine), ALPNProtocols: ['h2'] }),
      'TLS_REFUSED',
    ],
  ])('%s', async (_, make, code) => {
    const { answered, server: said } = await meet(await ofServer(), await make());
    expect({ answered, said }).toEqual({ answered: false, said: code });
  });

  it('that was revoked, and one of an authority without a list', async () => {
    const [gone, middle] = await Promise.all([client(root), authority({ name: 'CN=Middle' }, root)]);
    const below = await client(middle);
    const tls = await ofServer({ crl: pem(await crl(root, [gone])) });
    expect(await meet(tls, await ofClient())).toEqual(met);
    expect(await meet(tls, raw(gone))).toMatchObject({ answered: false, server: 'CERTIFICATE_REVOKED' });
    expect(await meet(tls, raw(below, middle))).toMatchObject({
      answered: false,
      server: 'REVOCATION_UNKNOWN',
    });
    const both = await ofServer({ crl: pem((await crl(root, [gone])) + (await crl(middle))) });
    expect(await meet(both, raw(below, middle))).toEqual(met);
    const known = await ofServer({
      ca: pem(root.pem + middle.pem),
      crl: pem((await crl(root, [middle])) + (await crl(middle))),
    });
    expect(await meet(known, raw(below))).toMatchObject({ answered: false, server: 'CERTIFICATE_REVOKED' });
  });
});

describe('a client refuses a server', () => {
  const twelve = { maxVersion: 'TLSv1.2' } as const;
  it.each<[string, () => Promise<TlsOptions>, ErrorCode, object?]>([
    ['of TLS 1.2', async () => ({ ...raw(own), ...twelve }), 'TLS_REFUSED'],
    [
      'that has ended',
      async () => raw(await server(root, { from: -3 * DAY, until: -DAY })),
      'CERTIFICATE_EXPIRED',
    ],
    ['that has not begun', async () => raw(await server(root, { from: DAY })), 'CERTIFICATE_NOT_YET_VALID'],
    ['of another authority', async () => raw(await server(foreign)), 'CERTIFICATE_UNTRUSTED'],
    ['with a certificate of clients', async () => raw(await client(root)), 'CERTIFICATE_USAGE'],
    [
      'with one for nothing in particular',
      async () => raw(await server(root, { purposes: undefined })),
      'CERTIFICATE_USAGE',
    ],
    [
      'of another name',
      async () => raw(await server(root, { names: [{ type: 'dns', value: 'other.example' }] })),
      'CERTIFICATE_NAME_MISMATCH',
    ],
    [
      'with the name in its common name only',
      async () => raw(await server(root, { name: 'CN=localhost', names: undefined })),
      'CERTIFICATE_NAME_MISMATCH',
      { servername: 'localhost' },
    ],
    [
      'whose SPIFFE ID is none',
      async () =>
        raw(
          await server(root, { names: [...spiffe('spiffe://Prod/a'), { type: 'ip', value: '127.0.0.1' }] }),
        ),
      'CERTIFICATE_INVALID',
    ],
  ])('%s', async (_, make, code, rest = {}) => {
    const { answered, client: said } = await meet(await make(), { ...(await ofClient()), ...rest });
    expect({ answered, said }).toEqual({ answered: false, said: code });
  });

  it('of another SPIFFE ID, and takes the right one whatever its address', async () => {
    const one = await server(root, { names: spiffe('spiffe://prod/models') });
    const right = await ofClient({ serverNames: ['spiffe://prod/models'] });
    expect(await meet({ ...raw(one), requestCert: true }, right)).toEqual(met);
    const other = await ofClient({ serverNames: ['spiffe://prod/others/*', 'dns:models.example'] });
    expect(await meet(raw(one), other)).toMatchObject({
      answered: false,
      client: 'CERTIFICATE_NAME_MISMATCH',
    });
    expect(await meet(raw(one), await ofClient())).toMatchObject({ client: 'CERTIFICATE_NAME_MISMATCH' });
  });

  it('that was revoked', async () => {
    const gone = await server(root);
    const tls = await ofClient({ crl: pem(await crl(root, [gone])) });
    expect(await meet(raw(gone), tls)).toMatchObject({ answered: false, client: 'CERTIFICATE_REVOKED' });
    expect(await meet(raw(own), tls)).toEqual(met);
  });
});

it('no session is resumed, so that each connection is judged anew', async () => {
  const listening = createServer(await ofServer(), (socket) => socket.end('hello'));
  await once(listening.listen(0, '127.0.0.1'), 'listening');
  const { port } = listening.address() as AddressInfo;
  const go = async (session?: Buffer) => {
    const socket = connect({ host: '127.0.0.1', port, ...raw(mine), ...(session && { session }) });
    let kept: Buffer | undefined;
    socket.on('session', (one: Buffer) => {
      kept = one;
    });
    socket.resume();
    await once(socket, 'secureConnect');
    const reused = socket.isSessionReused();
    await once(socket, 'close');
    return { kept, reused };
  };
  const { kept } = await go();
  expect(kept).toBeInstanceOf(Buffer);
  expect((await go(kept)).reused).toBe(false);
  await new Promise((resolve) => listening.close(resolve));
});

it('openssl s_client is refused below TLS 1.3', async (context) => {
  const listening = createServer(await ofServer(), (socket) => socket.end());
  listening.on('tlsClientError', () => {});
  await once(listening.listen(0, '127.0.0.1'), 'listening');
  const { port } = listening.address() as AddressInfo;
  const go = (version: string) =>
    new Promise<{ failed: boolean; missing: boolean; said: string }>((resolve) => {
      const args = ['s_client', '-connect', `127.0.0.1:${port}`, version];
      const child = execFile('openssl', args, { timeout: 20_000 }, (error, stdout, stderr) =>
        resolve({
          failed: error !== null,
          missing: error?.code === 'ENOENT',
          said: stdout + stderr,
        }),
      );
      child.stdin?.end();
    });
  try {
    const old = await go('-tls1_2');
    if (old.missing) return context.skip('there is no openssl');
    expect(old.failed).toBe(true);
    expect(old.said).toMatch(/alert protocol version|no protocols available/);
    expect((await go('-tls1_3')).said).toMatch(/TLSv1\.3/);
  } finally {
    await new Promise((resolve) => listening.close(resolve));
  }
});
