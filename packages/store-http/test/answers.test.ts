import { gzipSync } from 'node:zlib';
import { createHttpStore } from '@weightseal/store-http';
import { afterAll, describe, expect, it } from 'vitest';
import { bytesOf, someBytes } from './support/bytes.js';
import { WebServer } from './support/server.js';

const server = await WebServer.start();
const store = createHttpStore(server.url);
afterAll(async () => {
  await store.close();
  await server[Symbol.asyncDispose]();
});
const call = { signal: new AbortController().signal };
const range = { offset: 0, length: 1000 };
const bytes = someBytes(1000);

const RIGHT = { etag: '"a"', 'content-range': 'bytes 0-999/1000', 'content-length': '1000' };
type Head = Readonly<Record<string, string | undefined>>;

async function readOf(status: number, head: Head, body: Uint8Array = bytes): Promise<Buffer> {
  server.instead = (_, response) => {
    const sent = Object.entries({ ...RIGHT, ...head }).filter(([, value]) => value !== undefined);
    response.writeHead(status, Object.fromEntries(sent) as Record<string, string>);
    response.end(body);
    return true;
  };
  return bytesOf(await store.read('a', range, call));
}

describe('an answer that is right', () => {
  it('is taken', async () => {
    expect((await readOf(206, {})).equals(bytes)).toBe(true);
  });

  it('is taken in chunks, without a length', async () => {
    expect((await readOf(206, { 'content-length': undefined })).equals(bytes)).toBe(true);
  });
});

describe('an answer is refused', () => {
  const wrong: Readonly<Record<string, readonly [number, Head, Uint8Array?]>> = {
    'of the whole, where a range was asked for': [200, { 'content-range': undefined }],
    'of another range': [206, { 'content-range': 'bytes 1-1000/2000' }],
    'of a range that is shorter': [206, { 'content-range': 'bytes 0-998/1000' }],
    'without its range': [206, { 'content-range': undefined }],
    'of several ranges': [
      206,
      { 'content-range': undefined, 'content-type': 'multipart/byteranges; boundary=x' },
    ],
    'that is encoded': [206, { 'content-encoding': 'gzip', 'content-length': undefined }, gzipSync(bytes)],
    'of no version': [206, { etag: undefined }],
    'with another length': [206, { 'content-length': '999' }, bytes.subarray(1)],
    'with more bytes than its range': [206, { 'content-length': undefined }, someBytes(1001)],
  };
  it.each(Object.entries(wrong))('%s', async (_, [status, head, body]) => {
    await expect(readOf(status, head, body)).rejects.toMatchObject({ code: 'STORE_RESPONSE_INVALID' });
  });

  it('with fewer bytes than its range, as one that may be complete the next time', async () => {
    await expect(readOf(206, { 'content-length': undefined }, bytes.subarray(1))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });

  it.each([
    [401, 'STORE_DENIED'],
    [403, 'STORE_DENIED'],
    [404, 'INPUT_NOT_FOUND'],
    [410, 'INPUT_NOT_FOUND'],
    [412, 'INPUT_CHANGED'],
    [418, 'STORE_RESPONSE_INVALID'],
    [429, 'STORE_THROTTLED'],
    [500, 'STORE_UNAVAILABLE'],
    [503, 'STORE_THROTTLED'],
  ])('of status %i: %s', async (status, code) => {
    await expect(readOf(status, { 'content-range': undefined })).rejects.toMatchObject({ code });
  });
});
