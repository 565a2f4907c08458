import { once } from 'node:events';
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createSecureServer } from 'node:http2';
import { createServer as createHttps, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { WeightsealError } from '@weightseal/core';
import { createTlsOptions, ReloadingTls, type ServerTls, type TlsServer } from '@weightseal/transit';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { authority, client, crl, DAY, type Made, server } from './support/authorities.ts';

let directory: string;
let root: Made;
let mine: Made;
let echo: Server | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weightseal-reloading-'));
  root = await authority();
  mine = await client(root);
  await put('ca.pem', root.pem);
  await pair(await server(root));
});
afterEach(async () => {
  echo?.close();
  echo = undefined;
  await rm(directory, { recursive: true });
});

const at = (name: string) => join(directory, name);
/** As whoever renews certificates does it: whole, by another name, and then renamed. */
async function put(name: string, text: string): Promise<void> {
  await writeFile(at(`${name}.new`), text, { mode: 0o600 });
  await rename(at(`${name}.new`), at(name));
}
async function pair(made: Made, prefix = ''): Promise<void> {
  await put(`${prefix}cert.pem`, made.pem);
  await put(`${prefix}key.pem`, made.key);
}
const OF_SERVER = () =>
  ({ role: 'server', certificate: at('cert.pem'), key: at('key.pem'), ca: at('ca.pem') }) as const;
const raw = (made: Made) => ({ key: made.key, cert: made.pem, ca: root.pem });

async function serving(tls: ReloadingTls<ServerTls>): Promise<number> {
  echo = createServer(tls.tls, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  echo.on('tlsClientError', () => {});
  tls.serve(echo);
  await once(echo.listen(0, '127.0.0.1'), 'listening');
  const { port } = echo.address() as AddressInfo;
  return port;
}

/** The socket, once the other side has answered on it. */
async function open(port: number, how: object = raw(mine)): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ...how });
  expect(await said(socket, 'hello')).toBe('hello');
  return socket;
}
async function said(socket: TLSSocket, text: string): Promise<string> {
  socket.write(text);
  const [data] = (await once(socket, 'data')) as [Buffer];
  return data.toString();
}
const serialOf = (socket: TLSSocket) => socket.getPeerX509Certificate()?.serialNumber.toLowerCase();

it('new certificates are for new connections, and open ones go on', async () => {
  let reloaded = 0;
  await using tls = await ReloadingTls.create(OF_SERVER(), { everyMs: 20, onReloaded: () => reloaded++ });
  const port = await serving(tls);
  expect(() => tls.agent()).toThrow("role: 'client'");
  const before = await open(port);
  const renewed = await server(root);
  await pair(renewed);
  await expect.poll(() => reloaded).toBeGreaterThan(0);
  await expect
    .poll(async () => {
      const after = await open(port);
      const serial = serialOf(after);
      after.destroy();
      return serial;
    })
    .toBe(renewed.certificate.serialNumber);
  expect(await said(before, 'still here')).toBe('still here');
  expect(serialOf(before)).not.toBe(renewed.certificate.serialNumber);
  before.destroy();
});

it('half a pair, half a file and none are refused, told once, and the old ones stay', async () => {
  const told: WeightsealError[] = [];
  await using tls = await ReloadingTls.create(OF_SERVER(), {
    everyMs: 60_000,
    onRefused: (error) => told.push(error),
  });
  const port = await serving(tls);
  const [renewed, was] = [await server(root), tls.tls];
  await put('cert.pem', renewed.pem);
  expect([await tls.reload(), await tls.reload()]).toEqual([false, false]);
  await put('cert.pem', renewed.pem.slice(0, 200));
  expect([await tls.reload(), await tls.reload()]).toEqual([false, false]);
  await rm(at('cert.pem'));
  expect([await tls.reload(), await tls.reload()]).toEqual([false, false]);
  expect(told.map(({ code }) => code)).toEqual([
    'CERTIFICATE_INVALID',
    'CERTIFICATE_INVALID',
    'INPUT_NOT_FOUND',
  ]);
  expect(tls.tls).toBe(was);
  (await open(port)).destroy();
  await pair(renewed);
  expect(await tls.reload()).toBe(true);
  expect(await tls.reload()).toBe(false);
  const after = await open(port);
  expect(serialOf(after)).toBe(renewed.certificate.serialNumber);
  after.destroy();
  expect(told).toHaveLength(3);
});

it('a list that is renewed shuts out whom it names, and an open connection can be asked about again', async () => {
  await put('crl.pem', await crl(root));
  await using tls = await ReloadingTls.create({ ...OF_SERVER(), crl: at('crl.pem') }, { everyMs: 60_000 });
  const port = await serving(tls);
  const before = await open(port);
  await put('crl.pem', await crl(root, [mine]));
  expect(await tls.reload()).toBe(true);
  expect(tls.revocation?.crls[0]?.revoked.has(mine.certificate.serialNumber)).toBe(true);
  const refused = connect({ host: '127.0.0.1', port, ...raw(mine) });
  refused.on('error', () => {});
  await once(refused, 'close');
  expect(refused.bytesRead).toBe(0);
  expect(await said(before, 'still here')).toBe('still here');
  before.destroy();
});

it('links that are swapped, as mounted secrets are, are seen', async () => {
  await pair(await server(root), 'second-');
  for (const name of ['cert.pem', 'key.pem']) {
    await rename(at(name), at(`first-${name}`));
    await symlink(`first-${name}`, at(name));
  }
  await using tls = await ReloadingTls.create(OF_SERVER(), { everyMs: 60_000 });
  for (const name of ['cert.pem', 'key.pem']) {
    await symlink(`second-${name}`, at(`${name}.link`));
    await rename(at(`${name}.link`), at(name));
  }
  expect(await tls.reload()).toBe(true);
});

it('a server that lets in whoever shows nothing is not served', async () => {
  await using tls = await ReloadingTls.create(OF_SERVER(), { everyMs: 60_000 });
  const { key, cert, ca } = tls.tls;
  const makers: ((options: TlsOptions) => TlsServer)[] = [createServer, createHttps, createSecureServer];
  for (const make of makers) {
    for (const less of [{ requestCert: false }, { rejectUnauthorized: false }])
      expect(() => tls.serve(make({ ...tls.tls, ...less }))).toThrow('createServer(reloading.tls)');
    expect(() => tls.serve(make({ key, cert, ca }))).toThrow('createServer(reloading.tls)');
    tls.serve(make(tls.tls));
  }
});

it.each([null, {}, { passphrase: 'text' }, { deadlineMs: 0 }, { role: 'both' }])(
  'options %j are refused before a file is looked at',
  async (given) => {
    const options = given && Object.keys(given).length > 0 ? { ...OF_SERVER(), ...given } : given;
    await expect(ReloadingTls.create(options as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  },
);

it('what counts no more is told once, though no file has changed', async () => {
  const told: string[] = [];
  const onRefused = ({ code }: WeightsealError) => told.push(code);
  await put('crl.pem', await crl(root, [], { until: 2 * DAY }));
  await pair(await server(root, { until: 3 * DAY }));
  const options = { ...OF_SERVER(), crl: at('crl.pem') };
  await using tls = await ReloadingTls.create(options, { everyMs: 60_000, onRefused });
  expect(await tls.reload()).toBe(false);
  expect(told).toEqual([]);
  const now = Date.now();
  const clock = vi.spyOn(Date, 'now');
  try {
    clock.mockReturnValue(now + 2.5 * DAY);
    expect([await tls.reload(), await tls.reload()]).toEqual([false, false]);
    expect(told).toEqual(['REVOCATION_UNKNOWN']);
    clock.mockReturnValue(now + 3.5 * DAY);
    expect([await tls.reload(), await tls.reload()]).toEqual([false, false]);
    expect(told).toEqual(['REVOCATION_UNKNOWN', 'CERTIFICATE_EXPIRED']);
    // Nor does what is told of the files hide it.
    clock.mockReturnValue(now);
    await tls.reload();
    await put('cert.pem', 'half');
    await tls.reload();
    clock.mockReturnValue(now + 2.5 * DAY);
    expect([await tls.reload(), await tls.reload()]).toEqual([false, false]);
    expect(told.slice(2)).toEqual(['CERTIFICATE_INVALID', 'REVOCATION_UNKNOWN']);
  } finally {
    clock.mockRestore();
  }
});

it('the key that was there before is wiped, and the server has the new one', async () => {
  await using tls = await ReloadingTls.create(OF_SERVER(), { everyMs: 60_000 });
  const port = await serving(tls);
  const { key } = tls.tls;
  await pair(await server(root));
  expect(await tls.reload()).toBe(true);
  expect(key.every((byte) => byte === 0)).toBe(true);
  expect(tls.tls.key.every((byte) => byte === 0)).toBe(false);
  (await open(port)).destroy();
});

it("a client's new connections show its new certificate", async () => {
  await pair(mine, 'client-');
  const options = {
    role: 'client',
    certificate: at('client-cert.pem'),
    key: at('client-key.pem'),
    ca: at('ca.pem'),
  } as const;
  await using tls = await ReloadingTls.create(options, { everyMs: 60_000 });
  const seen: (string | undefined)[] = [];
  const https = createHttps(await createTlsOptions(OF_SERVER()), (incoming, outgoing) => {
    seen.push(serialOf(incoming.socket as TLSSocket));
    outgoing.end();
  });
  await once(https.listen(0, '127.0.0.1'), 'listening');
  const { port } = https.address() as AddressInfo;
  const agent = tls.agent();
  const ask = async () => {
    const [answer] = await once(request({ host: '127.0.0.1', port, agent }).end(), 'response');
    answer.resume();
    await once(answer, 'close');
  };
  await ask();
  const renewed = await client(root);
  await pair(renewed, 'client-');
  expect(await tls.reload()).toBe(true);
  await ask();
  expect(seen).toEqual([mine, renewed].map(({ certificate }) => certificate.serialNumber));
  agent.destroy();
  https.close();
});
