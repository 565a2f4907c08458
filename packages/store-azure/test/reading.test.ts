import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bytesOf, call, codeOf, refusal, SAS, serving, storeAt } from './server.js';

const BYTES = Buffer.from('0123456789');
const RANGE = { offset: 2, length: 4, version: '"0x17"' };
const SOUND = {
  'content-range': 'bytes 2-5/10',
  'content-length': '4',
  etag: '"0x17"',
  'last-modified': 'Sat, 28 Nov 2026 04:00:00 GMT',
};

async function read(store: ReturnType<typeof storeAt>, range: object = RANGE) {
  const { object, body } = await store.read('a/b c', range as typeof RANGE, call);
  return { object, bytes: await bytesOf(body) };
}

describe('a read', () => {
  it('is of a range, under the condition that the blob is still that version', async () => {
    await using server = await serving((_, response) => {
      response.writeHead(206, SOUND).end(BYTES.subarray(2, 6));
    });
    const { object, bytes } = await read(storeAt(server.url));
    expect(bytes.toString()).toBe('2345');
    expect(object).toEqual({
      key: 'a/b c',
      size: 10,
      version: '"0x17"',
      modified: '2026-11-28T04:00:00.000Z',
    });
    const { url, headers } = server.seen[0]!;
    expect(url.pathname).toBe('/seals/models/a/b%20c');
    expect(url.search).toContain(SAS.split('&')[0]);
    expect(headers).toMatchObject({ 'x-ms-range': 'bytes=2-5', 'if-match': '"0x17"' });
    expect(headers['accept-encoding'] ?? 'identity').toBe('identity');
  });

  it.each<[string, number, object, string]>([
    ['the range is another', 206, { 'content-range': 'bytes 0-3/10' }, 'STORE_RESPONSE_INVALID'],
    ['it is all of the blob', 200, {}, 'STORE_RESPONSE_INVALID'],
    ['it says nothing of its range', 206, { 'content-range': '' }, 'STORE_RESPONSE_INVALID'],
    ['it says nothing of its version', 206, { etag: '' }, 'STORE_RESPONSE_INVALID'],
    ['it is of another version', 206, { etag: '"0x18"' }, 'INPUT_CHANGED'],
  ])('is refused where %s', async (_, status, changed, code) => {
    await using server = await serving((_, response) => {
      response.writeHead(status, { ...SOUND, ...changed }).end(BYTES.subarray(2, 6));
    });
    expect(await codeOf(read(storeAt(server.url)))).toBe(code);
  });

  it('is refused where the blob lies there compressed, or something between compresses it', async () => {
    const body = gzipSync(BYTES.subarray(2, 6));
    await using server = await serving((_, response) => {
      const length = { 'content-length': String(body.length) };
      response.writeHead(206, { ...SOUND, ...length, 'content-encoding': 'gzip' }).end(body);
    });
    expect(await codeOf(read(storeAt(server.url)))).toBe('STORE_RESPONSE_INVALID');
  });

  it('is refused where the body has another length than the range', async () => {
    await using server = await serving((_, response) => {
      response.writeHead(206, { ...SOUND, 'content-length': '3' }).end('234');
    });
    expect(await codeOf(read(storeAt(server.url)))).toBe('STORE_RESPONSE_INVALID');
  });

  it('tells of a connection that was lost', async () => {
    await using server = await serving((_, response) => {
      response.writeHead(206, SOUND).write('2', () => response.socket?.resetAndDestroy());
    });
    expect(await codeOf(read(storeAt(server.url)))).toBe('STORE_UNAVAILABLE');
    expect(server.seen).toHaveLength(1);
  });

  it('of a blob that was replaced is INPUT_CHANGED', async () => {
    await using server = await serving((_, response) => refusal(response, 412, 'ConditionNotMet'));
    expect(await codeOf(read(storeAt(server.url)))).toBe('INPUT_CHANGED');
  });

  it('of an empty blob has no bytes', async () => {
    await using server = await serving(({ method }, response) => {
      if (method === 'GET') refusal(response, 416, 'InvalidRange');
      else response.writeHead(200, { etag: '"0x1"', 'content-length': '0' }).end();
    });
    const { object, bytes } = await read(storeAt(server.url), { offset: 0, length: 9 });
    expect([object.size, bytes.length]).toEqual([0, 0]);
  });

  it.each([301, 302, 303, 307, 308])('is not led elsewhere (%i): no signature goes there', async (status) => {
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
});

function page(blobs: string, marker = ''): string {
  return `<?xml version="1.0"?><EnumerationResults ServiceEndpoint="x" ContainerName="models"><Blobs>${blobs}</Blobs><NextMarker>${marker}</NextMarker></EnumerationResults>`;
}

function item(name: string, size = 1): string {
  return `<Blob><Name>${name}</Name><Properties><Last-Modified>Sat, 28 Nov 2026 04:00:00 GMT</Last-Modified><Etag>0x17</Etag><Content-Length>${size}</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>`;
}

describe('a list', () => {
  it('has all pages, with blobs and prefixes in the order of their bytes, and versions as reads have them', async () => {
    await using server = await serving(({ url }, response) => {
      response.setHeader('content-type', 'application/xml');
      if (url.searchParams.get('marker')) return void response.end(page(item('p/𝐳')));
      const blobs = `${item('p/ｚ')}${item('p/a', 2)}<BlobPrefix><Name>p/b/</Name></BlobPrefix>`;
      response.end(page(blobs, 'more'));
    });
    const found = await Array.fromAsync(storeAt(server.url).list!('p/', { oneLevel: true }, call));
    expect(found.map((one) => ('prefix' in one ? one.prefix : one.key))).toEqual([
      'p/a',
      'p/b/',
      'p/ｚ',
      'p/𝐳',
    ]);
    expect(found[0]).toEqual({
      key: 'p/a',
      size: 2,
      version: '"0x17"',
      modified: '2026-11-28T04:00:00.000Z',
    });
  });

  it('that is no list is refused', async () => {
    await using server = await serving((_, response) => void response.end('<html>'));
    const list = storeAt(server.url).list!('', { oneLevel: false }, call);
    expect(await codeOf(Array.fromAsync(list))).toBe('STORE_RESPONSE_INVALID');
  });

  it.each([200, 403, 503])('without end is cut off (%i)', async (status) => {
    let sent = 0;
    await using server = await serving((_, response) => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      const chunk = Buffer.alloc(1 << 20, ' ');
      const more = () => {
        sent += chunk.length;
        if (!response.destroyed) response.write(chunk, () => setImmediate(more));
      };
      more();
    });
    const list = storeAt(server.url).list!('', { oneLevel: false }, call);
    expect(await codeOf(Array.fromAsync(list))).toMatch(/^STORE_/);
    expect(sent).toBeLessThan(64 << 20);
  });
});
