import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHttpStore, type HttpStoreOptions } from '@weightseal/store-http';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { WebServer } from './support/server.js';

const server = await WebServer.start();
const directory = await mkdtemp(join(tmpdir(), 'weightseal-store-http-'));
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});
afterEach(() => vi.unstubAllEnvs());
server.put('/a', new Uint8Array(10));
const call = { signal: new AbortController().signal };

async function sent(options: HttpStoreOptions) {
  const store = createHttpStore(server.url, options);
  try {
    await store.stat('a', call);
    return server.seen.at(-1)!;
  } finally {
    await store.close();
  }
}

describe('what a server wants to be told comes', () => {
  it('as it is given', async () => {
    expect(await sent({ headers: { authorization: 'Bearer x' }, query: '?sig=a%2Bb&e=1' })).toMatchObject({
      url: '/a?sig=a%2Bb&e=1',
      headers: { authorization: 'Bearer x' },
    });
  });

  it('from a variable, looked for at each request', async () => {
    vi.stubEnv('STORE_TOKEN', 'Bearer first');
    const headers = { authorization: { env: 'STORE_TOKEN' } };
    expect((await sent({ headers })).headers).toMatchObject({ authorization: 'Bearer first' });
    vi.stubEnv('STORE_TOKEN', '');
    await expect(sent({ headers })).rejects.toMatchObject({ code: 'STORE_DENIED' });
  });

  it('from a file that is nobody else’s', async () => {
    const file = join(directory, 'token');
    await writeFile(file, 'Bearer from-a-file\n', { mode: 0o600 });
    const headers = { authorization: { file: 'token' } };
    expect((await sent({ headers, directory })).headers).toMatchObject({
      authorization: 'Bearer from-a-file',
    });
    await chmod(file, 0o666);
    await expect(sent({ headers, directory })).rejects.toMatchObject({ code: 'STORE_DENIED' });
  });

  it('from a function', async () => {
    const headers = async () => ({ authorization: 'Bearer asked' });
    expect((await sent({ headers })).headers).toMatchObject({ authorization: 'Bearer asked' });
    const failing = () => {
      throw new Error('secret');
    };
    const error = await sent({ headers: failing }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORE_DENIED' });
    expect(JSON.stringify([String(error), (error as Error).cause ?? ''])).not.toContain('secret');
  });
});

it('is in no message', async () => {
  server.instead = (_, response) => {
    response.writeHead(403).end();
    return true;
  };
  const options = { headers: { authorization: 'Bearer secret' }, query: 'sig=secret' };
  const error = await sent(options).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'STORE_DENIED' });
  expect(String(error)).not.toContain('secret');
});
