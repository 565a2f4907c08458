import { X509Certificate } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { connectProxy } from '@weightseal/fault-proxy';
import { createHttpStore, type HttpStoreOptions } from '@weightseal/store-http';
import { createDevCa, createTlsOptions } from '@weightseal/transit';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { bytesOf, someBytes } from './support/bytes.js';
import { WebServer } from './support/server.js';

/** What an authority has issued; each call of `another` issues one more. */
function authority() {
  const ca = createDevCa();
  const another = () => ca.issue('client');
  return { ca: ca.certificate, server: ca.issue('server'), client: another(), another };
}
const [ours, others] = [authority(), authority()];
const directory = await mkdtemp(join(tmpdir(), 'weightseal-mutual-'));
async function write(name: string, text: string | Uint8Array): Promise<string> {
  // As an agent renews it: in one step.
  await writeFile(join(directory, `${name}.new`), text, { mode: 0o600 });
  await rename(join(directory, `${name}.new`), join(directory, name));
  return name;
}
const files = {
  certificate: await write('client.pem', ours.client.certificate),
  key: await write('client-key.pem', ours.client.key),
  ca: await write('ca.pem', ours.ca),
  allowDevelopment: true,
};
const shared = { certificate: { pem: ours.server.certificate }, key: { pem: ours.server.key } };
const served = await createTlsOptions({
  role: 'server',
  ...shared,
  ca: { pem: ours.ca },
  allowDevelopment: true,
});
const server = await WebServer.start(served);
const bytes = someBytes(300_000);
server.put('/a', bytes);
const seen: (string | undefined)[] = [];
const protocols = new Set<string | null>();
function watch({ socket }: IncomingMessage): boolean {
  const tls = socket as TLSSocket;
  protocols.add(tls.getProtocol());
  seen.push(tls.getPeerX509Certificate()?.fingerprint256);
  return false;
}
server.instead = watch;
beforeEach(() => void seen.splice(0));
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const call = { signal: new AbortController().signal };
async function readAt(url: string, options: HttpStoreOptions): Promise<Buffer> {
  const store = createHttpStore(url, { directory, ...options });
  try {
    expect((await store.stat('a', call)).size).toBe(bytes.length);
    return await bytesOf(await store.read('a', { offset: 0, length: bytes.length }, call));
  } finally {
    await store.close();
  }
}
const codeOf = async (options: HttpStoreOptions, url = server.url) =>
  await readAt(url, options).then(
    () => 'read',
    (error: { code?: string }) => error.code,
  );

it('what comes over TLS is all there, in its order, however slowly it is read', async () => {
  const long = someBytes(5_000_000);
  server.put('/long', long);
  const store = createHttpStore(server.url, { directory, tls: files });
  const read = await store.read('long', { offset: 0, length: long.length }, call);
  const pieces: Buffer[] = [];
  for await (const piece of read.body) {
    // Node goes on deciphering after it was told to stop: it must not be into this piece.
    await new Promise((resolve) => setImmediate(resolve));
    pieces.push(Buffer.from(piece));
  }
  expect(Buffer.compare(Buffer.concat(pieces), long)).toBe(0);
  await store.close();
});

describe('a certificate of the client', () => {
  it('is shown to the store’s own host, in TLS 1.3, by each kind of request', async () => {
    expect(Buffer.compare(await readAt(server.url, { tls: files }), bytes)).toBe(0);
    expect(seen).toHaveLength(2);
    expect(seen.every((one) => one !== undefined)).toBe(true);
    expect([...protocols]).toEqual(['TLSv1.3']);
  });

  it('comes from a function just as well, or is text', async () => {
    const { ca, client } = ours;
    const pem = (text: string | Uint8Array) => ({ pem: text });
    const texts = { certificate: pem(client.certificate), key: pem(client.key), ca: pem(ca) };
    const made = () => createTlsOptions({ role: 'client', ...texts, allowDevelopment: true });
    expect(await codeOf({ tls: made })).toBe('read');
    expect(await codeOf({ tls: { ...texts, allowDevelopment: true } })).toBe('read');
    expect(
      await codeOf({
        tls: () => ({ ca, cert: client.certificate, key: Buffer.from(client.key), maxVersion: 'TLSv1.2' }),
      }),
    ).toBe('read');
  });

  it('that is renewed is used for new connections', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    server.instead = (request, response) => {
      response.setHeader('connection', 'close');
      return watch(request);
    };
    const store = createHttpStore(server.url, { directory, tls: files });
    const read = async () => {
      for await (const _ of (await store.read('a', { offset: 0, length: 1 }, call)).body);
      return seen.at(-1);
    };
    const before = await read();
    const { certificate, key } = ours.another();
    await write('client-key.pem', key);
    await write('client.pem', certificate);
    vi.advanceTimersByTime(10_000);
    await vi.waitFor(async () => expect(await read()).toBe(new X509Certificate(certificate).fingerprint256));
    expect(before).toBe(new X509Certificate(ours.client.certificate).fingerprint256);
    await store.close();
    server.instead = watch;
    vi.useRealTimers();
  });

  it('is missing, or of a stranger, which its code says', async () => {
    expect(await codeOf({ ca: ours.ca })).toMatch(/^(?:CERTIFICATE_MISSING|STORE_UNAVAILABLE)$/);
    const client = { certificate: { pem: others.client.certificate }, key: { pem: others.client.key } };
    // In TLS 1.3 a client has done its part before the server judges it: what it sends meanwhile may meet a reset before it has read why.
    expect(await codeOf({ tls: { ...client, ca: { pem: ours.ca }, allowDevelopment: true } })).toMatch(
      /^(?:CERTIFICATE_UNTRUSTED|STORE_UNAVAILABLE)$/,
    );
  });

  it('is shown to nobody but a server that is trusted, of the name that it must have', async () => {
    const stranger = { ...files, ca: { pem: others.ca } };
    expect(await codeOf({ tls: stranger })).toBe('CERTIFICATE_UNTRUSTED');
    expect(await codeOf({ tls: { ...files, serverNames: ['spiffe://prod/models'] } })).toBe(
      'CERTIFICATE_NAME_MISMATCH',
    );
    expect(await codeOf({ tls: { ...files, allowDevelopment: false } })).toBe('CERTIFICATE_DEVELOPMENT');
    expect(seen).toEqual([]);
  });

  it('goes through a proxy', async () => {
    const { port } = new URL(server.url);
    await using proxy = await connectProxy(Number(port));
    expect(await codeOf({ tls: files, proxy: proxy.url }, `https://localhost:${port}`)).toBe('read');
    expect(proxy.asked[0]).toBe(`localhost:${port}`);
  });
});

it.each([
  ['half of what it takes', { tls: { certificate: 'a', key: 'b' } as never }],
  ['a word that is not known', { tls: { ...files, rejectUnauthorized: false } as never }],
  ['whom to trust twice', { tls: files, ca: 'ca.pem' }],
])('%s is refused at once', (_what, options) => {
  expect(() => createHttpStore('https://a.example', options)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
  );
});

it('goes over https alone', () => {
  expect(() => createHttpStore('http://127.0.0.1:1', { tls: files })).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
  );
});
