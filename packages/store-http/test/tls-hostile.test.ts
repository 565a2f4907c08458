import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import tls from 'node:tls';
import { createHttpStore, type HttpStoreOptions, type HttpTls } from '@weightseal/store-http';
import { createDevCa, createTlsOptions } from '@weightseal/transit';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf, someBytes } from './support/bytes.js';
import { WebServer } from './support/server.js';

const ca = createDevCa();
const [its, ours] = [ca.issue('server'), ca.issue('client')];
const pem = (text: string | Uint8Array) => ({ pem: text });
const trusted = { ca: pem(ca.certificate), allowDevelopment: true };
const shown: HttpTls = { certificate: pem(ours.certificate), key: pem(ours.key), ...trusted };
const { certificate: cert, key } = its;
const server = await WebServer.start(
  await createTlsOptions({ role: 'server', certificate: pem(cert), key: pem(key), ...trusted }),
);
const [older, other] = await Promise.all([
  WebServer.start({ cert, key: Buffer.from(key), maxVersion: 'TLSv1.2' }),
  WebServer.start({ cert, key: Buffer.from(key) }),
]);
const all = [server, older, other];
afterAll(() => Promise.all(all.map((one) => one[Symbol.asyncDispose]())));
const bytes = someBytes(400_000);
for (const one of all) one.put('/a', bytes);
beforeEach(() => {
  for (const one of all) one.seen.splice(0);
});

const call = { signal: new AbortController().signal };
type Method = 'stat' | 'read';
async function outcome(url: string, options: HttpStoreOptions, method: Method = 'read'): Promise<unknown> {
  const store = createHttpStore(url, options);
  try {
    if (method === 'stat') return (await store.stat('a', call)).size;
    return (await bytesOf(await store.read('a', { offset: 0, length: bytes.length }, call))).length;
  } catch (error) {
    return (error as { code?: unknown }).code;
  } finally {
    await store.close();
  }
}

describe('a server that speaks no TLS 1.3 is asked nothing', () => {
  const text = String(ca.certificate);
  // Its alert may meet a reset.
  const REFUSED = /^STORE_(?:RESPONSE_INVALID|UNAVAILABLE)$/;
  it.each<[string, Method, () => tls.ConnectionOptions]>([
    ['whose function gives texts, by HEAD', 'stat', () => ({ ca: text })],
    ['whose function gives texts, by GET', 'read', () => ({ ca: text })],
    [
      'of a context of its own, by HEAD',
      'stat',
      () => ({ secureContext: tls.createSecureContext({ ca: text }) }),
    ],
    [
      'of a context of its own, by GET',
      'read',
      () => ({ secureContext: tls.createSecureContext({ ca: text }) }),
    ],
  ])('by a store %s', async (_what, method, given) => {
    const headers = { authorization: 'Bearer token' };
    expect(await outcome(older.url, { tls: given, headers }, method)).toMatch(REFUSED);
    expect(older.seen).toEqual([]);
    expect(await outcome(other.url, { tls: given, headers }, method)).toBe(bytes.length);
  });
});

/** Leads to the server, and changes one byte of what it sends, after so many of them. */
async function damaging(url: string, after: number) {
  let left = after;
  const proxy = createServer((client) => {
    const to = connect(Number(new URL(url).port), '127.0.0.1');
    client.on('error', () => {}).on('close', () => to.destroy());
    to.on('error', () => {}).on('close', () => client.destroy());
    client.pipe(to);
    to.on('data', (piece: Buffer) => {
      if (left >= 0 && left < piece.length) piece[left]! ^= 1;
      left -= piece.length;
      client.write(piece);
    });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => void proxy.close(),
  };
}

describe('a record that is damaged on the way passes, and is no refusal', () => {
  it.each<[string, WebServer, HttpStoreOptions]>([
    ['with certificates on both sides', server, { tls: shown }],
    ['with the server’s alone', other, { ca: ca.certificate }],
  ])('%s', async (_what, { url }, options) => {
    using proxy = await damaging(url, 200_000);
    expect(await outcome(proxy.url, options)).toBe('STORE_UNAVAILABLE');
    expect(await outcome(proxy.url, options)).toBe(bytes.length);
  });
});

const canTrust = 'setDefaultCACertificates' in tls;
it.runIf(canTrust)('a certificate is not shown where a redirect from elsewhere leads back', async () => {
  const before = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...before, String(ca.certificate)]);
  server.instead = ({ url }, response) => {
    if (url !== '/a') return false;
    response.writeHead(302, { location: `${other.url}/on` }).end();
    return true;
  };
  other.instead = (_, response) => {
    response.writeHead(302, { location: `${server.url}/secret` }).end();
    return true;
  };
  for (const method of ['read', 'stat'] as const)
    expect(await outcome(server.url, { tls: shown }, method)).toMatch(
      /^(?:CERTIFICATE_MISSING|STORE_UNAVAILABLE)$/,
    );
  expect(other.seen.map(({ url }) => url)).toContain('/on');
  expect(server.seen.map(({ url }) => url)).not.toContain('/secret');
  server.instead = other.instead = () => false;
  tls.setDefaultCACertificates(before);
});
