import { createHttpStore } from '@weightseal/store-http';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf, someBytes } from './support/bytes.js';
import { WebServer } from './support/server.js';

const [origin, cdn] = await Promise.all([WebServer.start(), WebServer.start()]);
afterAll(() => Promise.all([origin[Symbol.asyncDispose](), cdn[Symbol.asyncDispose]()]));

const TOKEN = 'Bearer token-of-the-test';
const QUERY = 'sig=signature';
const bytes = someBytes(100_000);
const call = { signal: new AbortController().signal };
const range = { offset: 10, length: 50_000 };
const open = (options: object = {}) =>
  createHttpStore(origin.url, { headers: { authorization: TOKEN }, query: QUERY, ...options });

let location: string;
beforeEach(() => {
  cdn.put('/signed', bytes);
  cdn.seen.length = 0;
  cdn.instead = () => false;
  origin.seen.length = 0;
  location = `${cdn.url}/signed?expires=soon`;
  origin.instead = (_, response) => {
    response.writeHead(302, { location }).end();
    return true;
  };
});

describe('a redirect', () => {
  it('is followed to another host, without credentials', async () => {
    await using store = closing(open());
    expect((await bytesOf(await store.read('a', range, call))).equals(bytes.subarray(10, 50_010))).toBe(true);
    expect(origin.seen[0]).toMatchObject({ url: `/a?${QUERY}`, headers: { authorization: TOKEN } });
    const [{ url, headers } = { url: '', headers: {} }] = cdn.seen;
    expect(url).toBe('/signed?expires=soon');
    expect(JSON.stringify(headers)).not.toContain('token');
    expect(headers).toMatchObject({ range: 'bytes=10-50009', 'accept-encoding': 'identity' });
  });

  it('is followed within the host with its headers, and not with the query that was for another URL', async () => {
    await using store = closing(open());
    origin.put('/b', bytes);
    origin.instead = ({ url }, response) => {
      if (!url!.startsWith('/a')) return false;
      response.writeHead(301, { location: '/b' }).end();
      return true;
    };
    await bytesOf(await store.read('a', range, call));
    expect(origin.seen[1]).toMatchObject({ url: '/b', headers: { authorization: TOKEN } });
  });

  it('that comes back brings no credentials back', async () => {
    await using store = closing(open());
    origin.put('/back', bytes);
    cdn.instead = (_, response) => {
      response.writeHead(302, { location: `${origin.url}/back` }).end();
      return true;
    };
    origin.instead = ({ url }, response) => {
      if (url === '/back') return false;
      response.writeHead(302, { location }).end();
      return true;
    };
    await bytesOf(await store.read('a', range, call));
    expect(origin.seen.at(-1)!.headers).not.toHaveProperty('authorization');
  });

  it('is remembered, so that further ranges take one request', async () => {
    await using store = closing(open());
    for (let at = 0; at < 4; at++) await bytesOf(await store.read('a', range, call));
    expect([origin.seen.length, cdn.seen.length]).toEqual([1, 4]);
  });

  it('is asked for anew when what it led to has expired', async () => {
    await using store = closing(open());
    const { object } = await store.read('a', { offset: 0, length: 1 }, call);
    cdn.instead = ({ url }, response) => {
      if (url!.endsWith('later')) return false;
      response.writeHead(403).end('expired');
      return true;
    };
    location = `${cdn.url}/signed?expires=later`;
    const answer = await store.read('a', { ...range, version: object.version }, call);
    expect(await bytesOf(answer)).toHaveLength(50_000);
    expect(origin.seen).toHaveLength(2);
  });

  it('to another version is refused', async () => {
    await using store = closing(open());
    const { object } = await store.read('a', { offset: 0, length: 1 }, call);
    cdn.put('/signed', someBytes(100_000, 2));
    await expect(store.read('a', { ...range, version: object.version }, call)).rejects.toMatchObject({
      code: 'INPUT_CHANGED',
    });
  });

  const refused: Readonly<Record<string, () => string>> = {
    'to where there is no https': () => 'http://models.example.com/a?secret',
    'to another scheme': () => 'file:///etc/passwd?secret',
    'with a password in it': () => cdn.url.replace('//', '//user:secret@'),
    'to nowhere': () => 'http://[secret',
  };
  it.each(Object.entries(refused))('%s is not followed', async (_, to) => {
    await using store = closing(open());
    location = to();
    const error = await store.read('a', range, call).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORE_RESPONSE_INVALID' });
    expect(String(error)).not.toContain('secret');
  });

  it('is not followed for ever, nor at all where nobody wants it', async () => {
    await using store = closing(open());
    location = `${origin.url}/a`;
    await expect(store.read('a', range, call)).rejects.toMatchObject({ code: 'STORE_RESPONSE_INVALID' });
    expect(origin.seen).toHaveLength(6);
    await using none = closing(open({ redirects: 0 }));
    await expect(none.read('a', range, call)).rejects.toMatchObject({ code: 'STORE_RESPONSE_INVALID' });
    expect(origin.seen).toHaveLength(7);
  });
});

function closing<T extends { close(): Promise<void> }>(store: T): T & AsyncDisposable {
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() });
}
