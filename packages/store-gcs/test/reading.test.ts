import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bytesOf, call, codeOf, json, refusal, serving, storeAt, TOKEN } from './server.js';

const BYTES = Buffer.from('0123456789');
const RANGE = { offset: 2, length: 4, version: '17' };
const SOUND = {
  'content-range': 'bytes 2-5/10',
  'content-length': '4',
  'x-goog-generation': '17',
  'last-modified': 'Sat, 28 Nov 2026 04:00:00 GMT',
};

async function read(store: ReturnType<typeof storeAt>, range: object = RANGE) {
  const { object, body } = await store.read('a/b', range as typeof RANGE, call);
  return { object, bytes: await bytesOf(body) };
}

describe('a read', () => {
  it('is of a range, under the condition that the object is still that generation', async () => {
    await using server = await serving((_, response) => {
      response.writeHead(206, SOUND).end(BYTES.subarray(2, 6));
    });
    const { object, bytes } = await read(storeAt(server.url));
    expect(bytes.toString()).toBe('2345');
    expect(object).toEqual({ key: 'a/b', size: 10, version: '17', modified: '2026-11-28T04:00:00.000Z' });
    const { url, headers } = server.seen[0]!;
    expect(url.pathname).toBe('/storage/v1/b/models/o/a%2Fb');
    expect(Object.fromEntries(url.searchParams)).toEqual({ alt: 'media', ifGenerationMatch: '17' });
    expect(headers).toMatchObject({
      range: 'bytes=2-5',
      'accept-encoding': 'identity',
      authorization: `Bearer ${TOKEN}`,
    });
  });

  it.each<[string, number, object, string]>([
    ['the range is another', 206, { 'content-range': 'bytes 0-3/10' }, 'STORE_RESPONSE_INVALID'],
    ['it is all of the object', 200, {}, 'STORE_RESPONSE_INVALID'],
    ['it says nothing of its range', 206, { 'content-range': '' }, 'STORE_RESPONSE_INVALID'],
    ['it says nothing of its generation', 206, { 'x-goog-generation': '' }, 'STORE_RESPONSE_INVALID'],
    ['it is of another generation', 206, { 'x-goog-generation': '18' }, 'INPUT_CHANGED'],
    ['the length is another', 206, { 'content-length': '3' }, 'STORE_RESPONSE_INVALID'],
    [
      'what lies there was compressed',
      206,
      { 'x-goog-stored-content-encoding': 'gzip' },
      'STORE_RESPONSE_INVALID',
    ],
  ])('is refused where %s', async (_, status, changed, code) => {
    await using server = await serving((_, response) => {
      response.writeHead(status, { ...SOUND, ...changed }).end(BYTES.subarray(2, 6));
    });
    expect(await codeOf(read(storeAt(server.url)))).toBe(code);
  });

  it('is refused where something between has compressed it', async () => {
    const body = gzipSync(BYTES.subarray(2, 6));
    await using server = await serving((_, response) => {
      const length = { 'content-length': String(body.length) };
      response.writeHead(206, { ...SOUND, ...length, 'content-encoding': 'gzip' }).end(body);
    });
    expect(await codeOf(read(storeAt(server.url)))).toBe('STORE_RESPONSE_INVALID');
  });

  it.each([
    ['breaks off with fewer bytes than it says', '23', 'STORE_UNAVAILABLE'],
    ['has more bytes than it says', '234567', 'STORE_RESPONSE_INVALID'],
  ])('is refused where the body %s', async (_, body, code) => {
    await using server = await serving((_, response) => {
      const { 'content-length': _length, ...chunked } = SOUND;
      response.writeHead(206, chunked).end(body);
    });
    expect(await codeOf(read(storeAt(server.url)))).toBe(code);
  });

  it('tells of a connection that was lost', async () => {
    await using server = await serving((_, response) => {
      response.writeHead(206, SOUND).write('2', () => response.socket?.resetAndDestroy());
    });
    expect(await codeOf(read(storeAt(server.url)))).toBe('STORE_UNAVAILABLE');
  });

  it('of an object that was replaced is INPUT_CHANGED', async () => {
    await using server = await serving((_, response) => refusal(response, 412, 'conditionNotMet'));
    expect(await codeOf(read(storeAt(server.url)))).toBe('INPUT_CHANGED');
  });

  it('of an empty object has no bytes', async () => {
    await using server = await serving(({ url }, response) => {
      if (url.searchParams.has('alt')) response.writeHead(416).end();
      else json(response, 200, { name: 'a/b', size: '0', generation: '17' });
    });
    const { object, bytes } = await read(storeAt(server.url), { offset: 0, length: 9 });
    expect([object.size, bytes.length]).toEqual([0, 0]);
  });

  it('of a range that is there, and is said not to be, is refused', async () => {
    await using server = await serving(({ url }, response) => {
      if (url.searchParams.has('alt')) response.writeHead(416).end();
      else json(response, 200, { name: 'a/b', size: '10', generation: '17' });
    });
    expect(await codeOf(read(storeAt(server.url)))).toBe('STORE_RESPONSE_INVALID');
  });

  it.each([301, 302, 303, 307, 308])('is not led elsewhere (%i): no credentials go there', async (status) => {
    await using elsewhere = await serving((_, response) => void response.end());
    await using server = await serving((_, response) => {
      response.writeHead(status, { location: `${elsewhere.url}/x` }).end();
    });
    expect(await codeOf(read(storeAt(server.url)))).toBe('STORE_RESPONSE_INVALID');
    expect(elsewhere.seen).toEqual([]);
  });

  it('ends at once when it is aborted, also in the middle of the body', async () => {
    await using server = await serving((_, response) => {
      response.writeHead(206, SOUND).write('2');
    });
    const stop = new AbortController();
    const { body } = await storeAt(server.url).read('a/b', RANGE, stop);
    const pieces = body[Symbol.asyncIterator]();
    expect(Buffer.from((await pieces.next()).value as Uint8Array).toString()).toBe('2');
    const next = codeOf(pieces.next());
    stop.abort();
    expect(await next).toBe('ABORTED');
  });

  it('ends at once when it is aborted before there is a token', async () => {
    const { createGcsStore } = await import('@weightseal/store-gcs');
    const authClient = { getRequestHeaders: () => new Promise<Headers>(() => {}) };
    const store = createGcsStore({ bucket: 'models', client: { authClient } });
    const stop = new AbortController();
    const code = codeOf(store.stat('a', stop));
    stop.abort();
    expect(await code).toBe('ABORTED');
  });
});

describe('a list', () => {
  it('has all pages, with objects and prefixes in the order of their bytes', async () => {
    await using server = await serving(({ url }, response) => {
      if (url.searchParams.get('pageToken') !== 'more')
        return json(response, 200, {
          items: [
            { name: 'p/ｚ', size: '1', generation: '3' },
            { name: 'p/a', size: '2', generation: '1' },
          ],
          prefixes: ['p/b/'],
          nextPageToken: 'more',
        });
      json(response, 200, { items: [{ name: 'p/𝐳', size: '3', generation: '2' }] });
    });
    const found = await Array.fromAsync(storeAt(server.url).list!('p/', { oneLevel: true }, call));
    expect(found.map((one) => ('prefix' in one ? one.prefix : one.key))).toEqual([
      'p/a',
      'p/b/',
      'p/ｚ',
      'p/𝐳',
    ]);
    expect(server.seen.map(({ url }) => url.searchParams.get('delimiter'))).toEqual(['/', '/']);
  });

  it.each([
    ['it never ends', { nextPageToken: 'again' }],
    ['an object has no generation', { items: [{ name: 'a', size: '1' }] }],
    ['it is none', { items: 'a' }],
  ])('is refused where %s', async (_, page) => {
    await using server = await serving((_, response) => json(response, 200, page));
    const list = storeAt(server.url).list!('', { oneLevel: false }, call);
    expect(await codeOf(Array.fromAsync(list))).toBe('STORE_RESPONSE_INVALID');
  });

  it('that is no JSON is refused', async () => {
    await using server = await serving((_, response) => void response.end('<html>'));
    const list = storeAt(server.url).list!('', { oneLevel: false }, call);
    expect(await codeOf(Array.fromAsync(list))).toBe('STORE_RESPONSE_INVALID');
  });
});
