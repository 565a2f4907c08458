import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectProxy } from '@weightseal/fault-proxy';
import { createHttpStore, type HttpStoreOptions } from '@weightseal/store-http';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { selfSigned } from './support/certificate.js';
import { WebServer } from './support/server.js';

const HOST = 'models.example.com';
const certificate = await selfSigned(`DNS:${HOST},IP:127.0.0.1`);
const server = await WebServer.start(certificate);
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => vi.unstubAllEnvs());
server.put('/a', new Uint8Array(10));
const { port } = new URL(server.url);
const call = { signal: new AbortController().signal };

async function sizeAt(url: string, options: HttpStoreOptions = {}): Promise<number> {
  const store = createHttpStore(url, options);
  try {
    return (await store.stat('a', call)).size;
  } finally {
    await store.close();
  }
}

describe('a server’s certificate', () => {
  it('is of the authority that is named, by its text or its file', async () => {
    expect(await sizeAt(server.url, { ca: certificate.cert })).toBe(10);
    const directory = await mkdtemp(join(tmpdir(), 'weightseal-store-http-'));
    await writeFile(join(directory, 'ca.pem'), certificate.cert);
    expect(await sizeAt(server.url, { ca: 'ca.pem', directory })).toBe(10);
    await rm(directory, { recursive: true });
  });

  it('is refused otherwise, whatever the environment says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    await expect(sizeAt(server.url)).rejects.toMatchObject({ code: 'STORE_RESPONSE_INVALID' });
    const other = await selfSigned();
    await expect(sizeAt(server.url, { ca: other.cert })).rejects.toMatchObject({
      code: 'STORE_RESPONSE_INVALID',
    });
  });

  it('cannot be checked by what is none', async () => {
    await expect(sizeAt(server.url, { ca: new Uint8Array(3) })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});

describe('a proxy', () => {
  const url = `https://${HOST}:${port}`;

  it('is what HTTPS_PROXY says, and sees nothing but TLS of the server that is meant', async () => {
    await using proxy = await connectProxy(Number(port));
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    expect(await sizeAt(url, { ca: certificate.cert })).toBe(10);
    expect(proxy.asked).toEqual([`${HOST}:${port}`]);
  });

  it('is what the option says', async () => {
    await using proxy = await connectProxy(Number(port));
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:1');
    expect(await sizeAt(url, { ca: certificate.cert, proxy: proxy.url })).toBe(10);
  });

  it('is none for this machine, nor where the option says so', async () => {
    await using proxy = await connectProxy();
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    expect(await sizeAt(server.url, { ca: certificate.cert })).toBe(10);
    await expect(sizeAt('https://models.invalid', { proxy: false })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(proxy.asked).toEqual([]);
  });

  it('that leads nowhere is told, without its password', async () => {
    await using proxy = await connectProxy();
    const withPassword = proxy.url.replace('//', '//user:secret@');
    const error = await sizeAt(url, { proxy: withPassword }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const { message, cause } = error as Error;
    expect(`${message} ${(cause as Error).stack}`).not.toContain('secret');
  });
});
