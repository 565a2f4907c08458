import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { connectProxy } from '@weightseal/fault-proxy';
import { type AzureStoreOptions, createAzureStore } from '@weightseal/store-azure';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { selfSigned } from '../../kms-vault/test/fake/certificate.js';
import { call, refusal, type Seen } from './server.js';

const TOKEN = 'eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.of-the-test-run-only.c2lnbmF0dXJl';
const HOST = 'seals.blob.example.com';
const { key, cert } = await selfSigned('azure', `DNS:${HOST},DNS:localhost`);

afterEach(() => vi.unstubAllEnvs());

async function serving(answer: (seen: Seen, response: ServerResponse) => void) {
  const seen: Seen[] = [];
  const server = createServer({ key, cert }, (incoming, response) => {
    const { method = '', headers } = incoming;
    const one = { method, url: new URL(incoming.url ?? '/', 'https://x'), headers, body: Buffer.alloc(0) };
    seen.push(one);
    answer(one, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    seen,
    port: (server.address() as AddressInfo).port,
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A credential that gives the token, and remembers for what. */
function credential() {
  const scopes: unknown[] = [];
  const getToken = async (scope: string | string[]) => {
    scopes.push(scope);
    return { token: TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 };
  };
  return { scopes, getToken };
}

const storeAt = (port: number, options: Partial<AzureStoreOptions>, host = 'localhost') =>
  createAzureStore({
    account: 'seals',
    container: 'models',
    endpoint: `https://${host}:${port}/seals`,
    clientOptions: { tlsOptions: { ca: cert } } as object,
    ...options,
  });

const sound = (_: Seen, response: ServerResponse) =>
  void response.writeHead(200, { etag: '"1"', 'content-length': '1' }).end();

async function failing(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await work.then(
    () => ({ code: 'none', message: '' }),
    (thrown: { code: string; message: string }) => thrown,
  );
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(TOKEN.slice(0, 20));
  return error;
}

describe('a token', () => {
  it('is asked for storage, once for many calls, and sent with each', async () => {
    using server = await serving(sound);
    const own = credential();
    const store = storeAt(server.port, { credential: own });
    for (let i = 0; i < 3; i++) await store.stat('a', call);
    expect(own.scopes.flat()).toEqual(['https://storage.azure.com/.default']);
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill(`Bearer ${TOKEN}`));
  });

  it('of another service is not given to a host that asks for it', async () => {
    using server = await serving((_, response) => {
      const challenge =
        'Bearer authorization_uri=https://login.microsoftonline.com/a0a0a0a0-0000-4000-8000-000000000000/oauth2/authorize resource_id=https://vault.azure.net';
      response.setHeader('www-authenticate', challenge);
      refusal(response, 401, 'InvalidAuthenticationInfo');
    });
    const own = credential();
    const { code } = await failing(storeAt(server.port, { credential: own }).stat('a', call));
    expect(code).toBe('STORE_DENIED');
    expect(server.seen.at(-1)!.headers.authorization).toBe('Bearer none-for-another-service');
    expect(own.scopes.flat()).toEqual(['https://storage.azure.com/.default']);
  });

  it('that has expired is STORE_DENIED, and shows nowhere', async () => {
    using server = await serving((_, response) => refusal(response, 401, 'InvalidAuthenticationInfo'));
    const { code } = await failing(storeAt(server.port, { credential: credential() }).stat('a', call));
    expect(code).toBe('STORE_DENIED');
  });

  it('lets Azure read what is copied, too', async () => {
    using server = await serving((seen, response) => {
      if (seen.method === 'HEAD') sound(seen, response);
      else response.writeHead(201).end();
    });
    const store = storeAt(server.port, { credential: credential() });
    const from = await store.stat('b', call);
    const upload = await store.upload!('a', {}, call);
    await upload.copy!({ index: 0, from, offset: 0, length: 1 }, call);
    const asked = server.seen.find(({ headers }) => headers['x-ms-copy-source'])!;
    expect(asked.headers['x-ms-copy-source-authorization']).toBe(`Bearer ${TOKEN}`);
  });
});

describe('over TLS', () => {
  it('a certificate that nobody trusts is told, and nothing is sent', async () => {
    using server = await serving(sound);
    const store = storeAt(server.port, { credential: credential(), clientOptions: {} });
    const { code, message } = await failing(store.stat('a', call));
    expect(code).toBe('STORE_UNAVAILABLE');
    expect(message).toContain('certificate');
    expect(server.seen).toEqual([]);
  });

  // To the end only where the system trusts the certificate: with a proxy, the SDK takes no other.
  it.each(['told', 'of the environment'])('goes through the proxy that is %s', async (whence) => {
    await using proxy = await connectProxy();
    vi.stubEnv('NO_PROXY', '');
    if (whence !== 'told') vi.stubEnv('HTTPS_PROXY', proxy.url);
    const options = { anonymous: true, ...(whence === 'told' && { proxy: proxy.url }) };
    await failing(storeAt(443, options, HOST).stat('a', call));
    expect(proxy.asked).toEqual([`${HOST}:443`]);
  });
});
