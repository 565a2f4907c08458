import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answering, answering, object } from './answering.js';
import { SESSION, storeAt } from './stores.js';

const BYTES = Buffer.from('0123456789');
const server = await answering(object(BYTES));
const store = storeAt(server.url, 'models', { credentials: SESSION });
afterAll(async () => {
  await store.close();
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  server.seen.length = 0;
  server.answer = object(BYTES);
});
const call = () => ({ signal: new AbortController().signal });
const base64 = (bytes: Uint8Array) => {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString('base64');
};
const xml =
  (body: string, headers: Record<string, string> = {}): Answering =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'application/xml', ...headers }).end(body);

describe('what is sent to S3', () => {
  it('is one request for a range, of the version that is named', async () => {
    const { body } = await store.read('a b/c', { offset: 2, length: 3, version: '"one"' }, call());
    expect(Buffer.concat(await Array.fromAsync(body)).toString()).toBe('234');
    expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /models/a%20b/c']);
    expect(server.seen[0]!.headers).toMatchObject({ range: 'bytes=2-4', 'if-match': '"one"' });
  });

  it('is signed, and holds the secret key nowhere', async () => {
    await store.stat('object', call());
    const { headers } = server.seen[0]!;
    expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=ASIA/);
    expect(headers['x-amz-security-token']).toBe(SESSION.sessionToken);
    expect(JSON.stringify(server.seen)).not.toContain(SESSION.secretAccessKey);
  });

  it('of a put is the bytes as they are, with their checksum and condition, and without a wait for leave', async () => {
    server.answer = (_, response) => response.writeHead(200, { etag: '"two"' }).end();
    await store.put!('object', BYTES, { condition: { ifAbsent: true } }, call());
    await store.put!('object', BYTES, { condition: { ifVersion: '"one"' } }, call());
    await store.put!('object', new Uint8Array(4 << 20), {}, call());
    const [first, second, third] = server.seen;
    expect(first!.body).toEqual(BYTES);
    expect(first!.headers).toMatchObject({
      'x-amz-checksum-crc32': base64(BYTES),
      'if-none-match': '*',
      'content-length': '10',
    });
    expect(second!.headers).toMatchObject({ 'if-match': '"one"' });
    expect(second!.headers['if-none-match']).toBeUndefined();
    expect(third!.body.length).toBe(4 << 20);
    for (const { headers } of server.seen) {
      expect(headers.expect).toBeUndefined();
      expect(headers['content-encoding']).toBeUndefined();
      expect(headers['transfer-encoding']).toBeUndefined();
    }
  });

  it('signs a body without TLS, and over TLS its checksum', async () => {
    server.answer = (_, response) => response.writeHead(200, { etag: '"two"' }).end();
    await store.put!('object', BYTES, {}, call());
    const plain = server.seen[0]!.headers;
    expect(plain['x-amz-content-sha256']).toBe(createHash('sha256').update(BYTES).digest('hex'));
    let headers: Record<string, string> = {};
    const handle = async (request: { headers: Record<string, string> }) => {
      headers = request.headers;
      throw new Error('nobody is asked');
    };
    const clientConfig = { requestHandler: { handle } as never };
    const overTls = storeAt('https://s3.example.com', 'models', { credentials: SESSION, clientConfig });
    await expect(overTls.put!('object', BYTES, {}, call())).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD');
    expect(headers['x-amz-checksum-crc32']).toBe(base64(BYTES));
    expect(headers['authorization']).toMatch(
      /SignedHeaders=[a-z0-9;-]*x-amz-checksum-crc32;x-amz-content-sha256/,
    );
    await expect(overTls.stat('object', call())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(headers['x-amz-content-sha256']).not.toBe('UNSIGNED-PAYLOAD');
  });

  it('of an upload is its parts with their checksums, which are told again at the end', async () => {
    server.answer = (seen, response, request) => {
      if (seen.query.has('uploads'))
        return xml('<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>')(
          seen,
          response,
          request,
        );
      if (seen.method === 'POST')
        return xml('<CompleteMultipartUploadResult><ETag>"all-2"</ETag></CompleteMultipartUploadResult>')(
          seen,
          response,
          request,
        );
      const sum = String(seen.headers['x-amz-checksum-crc32'] ?? 'AAAAAA==');
      const copied = `<CopyPartResult><ETag>"c"</ETag><ChecksumCRC32>${sum}</ChecksumCRC32></CopyPartResult>`;
      return xml(seen.headers['x-amz-copy-source'] ? copied : '', {
        etag: '"p"',
        'x-amz-checksum-crc32': sum,
      })(seen, response, request);
    };
    const upload = await store.upload!('object', { condition: { ifVersion: '"one"' } }, call());
    const from = { key: 'a b/ü+', size: 100, version: '"from"' };
    await upload.copy!({ index: 1, from, offset: 10, length: 20 }, call());
    await upload.part({ index: 0, offset: 0, bytes: BYTES, last: false }, call());
    expect(await upload.complete(call())).toEqual({ key: 'object', size: 30, version: '"all-2"' });
    const [begin, copy, part, complete] = server.seen;
    expect(begin!.headers['x-amz-checksum-algorithm']).toBe('CRC32');
    expect(copy!.headers).toMatchObject({
      'x-amz-copy-source': 'models/a%20b/%C3%BC%2B',
      'x-amz-copy-source-if-match': '"from"',
      'x-amz-copy-source-range': 'bytes=10-29',
    });
    expect(copy!.query.get('partNumber')).toBe('2');
    expect(part!.headers['x-amz-checksum-crc32']).toBe(base64(BYTES));
    expect(complete!.headers['if-match']).toBe('"one"');
    const parts = complete!.body.toString().match(/<Part>.*?<\/Part>/g);
    expect(parts?.map((one) => /<PartNumber>(\d)/.exec(one)?.[1])).toEqual(['1', '2']);
    expect(parts?.[0]).toContain(base64(BYTES));
  });

  it('names the account that the bucket must belong to, where that was told', async () => {
    const owned = storeAt(server.url, 'models', { bucketOwner: '111122223333' });
    await owned.stat('object', call());
    await owned.close();
    expect(server.seen[0]!.headers['x-amz-expected-bucket-owner']).toBe('111122223333');
  });

  it('is one attempt, whatever comes of it', async () => {
    server.answer = (_, response) => response.writeHead(503).end();
    await expect(store.stat('object', call())).rejects.toMatchObject({ code: 'STORE_THROTTLED' });
    server.answer = (_, response) => response.destroy();
    await expect(store.stat('object', call())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(server.seen).toHaveLength(2);
  });
});
