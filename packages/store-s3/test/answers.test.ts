import { WeightsealError } from '@weightseal/core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answering, answering, object, refusal } from './answering.js';
import { SESSION, storeAt } from './stores.js';

const BYTES = Buffer.from('0123456789'.repeat(100));
const server = await answering(object(BYTES));
const elsewhere = await answering(object(BYTES));
const store = storeAt(server.url, 'models', { credentials: SESSION });
afterAll(async () => {
  await store.close();
  await Promise.all([server, elsewhere].map((one) => one[Symbol.asyncDispose]()));
});
beforeEach(() => {
  server.seen.length = 0;
  elsewhere.seen.length = 0;
});
const call = () => ({ signal: new AbortController().signal });
const RANGE = { offset: 100, length: 200, version: '"one"' };
const reading = async () => Array.fromAsync((await store.read('object', RANGE, call())).body);

describe('an answer to a read is refused', () => {
  it.each<[string, Answering, string]>([
    ['that heeds no range', object(BYTES, {}, 200), 'STORE_RESPONSE_INVALID'],
    [
      'that heeds no range, of much',
      (_, response) => response.writeHead(200, { etag: '"one"' }).end(Buffer.alloc(3_000_000)),
      'STORE_RESPONSE_INVALID',
    ],
    ['that tells no range', object(BYTES, { 'content-range': undefined }), 'STORE_RESPONSE_INVALID'],
    ['of another range', object(BYTES, { 'content-range': 'bytes 0-199/1000' }), 'STORE_RESPONSE_INVALID'],
    [
      'of less than was asked for',
      object(BYTES, { 'content-range': 'bytes 100-200/1000' }),
      'STORE_RESPONSE_INVALID',
    ],
    ['of another version', object(BYTES, { etag: '"two"' }), 'INPUT_CHANGED'],
    ['of a version that is not quite one', object(BYTES, { etag: 'W/"one"' }), 'STORE_RESPONSE_INVALID'],
    ['of no version', object(BYTES, { etag: undefined }), 'STORE_RESPONSE_INVALID'],
    ['that is compressed', object(BYTES, { 'content-encoding': 'gzip' }), 'STORE_RESPONSE_INVALID'],
    [
      'with another length than its range',
      object(BYTES, { 'content-length': '201' }),
      'STORE_RESPONSE_INVALID',
    ],
    ['that is no HTTP', (_, response) => response.socket?.end('nonsense\r\n\r\n'), 'STORE_RESPONSE_INVALID'],
    [
      'that is a page of a proxy',
      (_, response) => response.writeHead(200).end('<html>Log in</html>'),
      'STORE_RESPONSE_INVALID',
    ],
  ])('%s', async (_, answer, code) => {
    server.answer = answer;
    await expect(reading()).rejects.toMatchObject({ code });
  });

  it('that ends early, with the connection', async () => {
    server.answer = (_, response) => {
      response.writeHead(206, {
        etag: '"one"',
        'content-length': '200',
        'content-range': 'bytes 100-299/1000',
      });
      response.write(BYTES.subarray(100, 150), () => response.destroy());
    };
    await expect(reading()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('an answer that leads elsewhere is not followed', () => {
  it.each([301, 302, 303, 307, 308])('with status %i, and the credentials neither', async (status) => {
    const headers = { location: `${elsewhere.url}/models/object`, 'x-amz-bucket-region': 'eu-west-1' };
    server.answer = refusal(status, 'PermanentRedirect', '<Endpoint>evil.example</Endpoint>', headers);
    for (const ask of [reading, () => store.stat('object', call())]) {
      const error = await ask().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'STORE_RESPONSE_INVALID' });
    }
    expect(elsewhere.seen).toEqual([]);
    expect(server.seen).toHaveLength(2);
  });

  it('and the region that it names is told', async () => {
    server.answer = refusal(301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'eu-west-1' });
    await expect(store.stat('object', call())).rejects.toThrow('in the region eu-west-1');
    server.answer = refusal(400, 'AuthorizationHeaderMalformed', '<Region>eu-west-2</Region>');
    await expect(reading()).rejects.toThrow('in the region eu-west-2');
    server.answer = refusal(301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'evil.example/' });
    await expect(store.stat('object', call())).rejects.toThrow('in the region another');
  });
});

describe('what S3 says is given a code', () => {
  it.each([
    [404, 'NoSuchKey', 'INPUT_NOT_FOUND'],
    [404, 'NoSuchBucket', 'INPUT_NOT_FOUND'],
    [403, 'AccessDenied', 'STORE_DENIED'],
    [400, 'ExpiredToken', 'STORE_DENIED'],
    [403, 'InvalidAccessKeyId', 'STORE_DENIED'],
    [403, 'SignatureDoesNotMatch', 'STORE_DENIED'],
    [403, 'RequestTimeTooSkewed', 'STORE_DENIED'],
    [403, 'InvalidObjectState', 'STORE_UNSUPPORTED'],
    [412, 'PreconditionFailed', 'INPUT_CHANGED'],
    [503, 'SlowDown', 'STORE_THROTTLED'],
    [429, 'TooManyRequests', 'STORE_THROTTLED'],
    [500, 'InternalError', 'STORE_UNAVAILABLE'],
    [400, 'RequestTimeout', 'STORE_UNAVAILABLE'],
    [400, 'BadDigest', 'STORE_UNAVAILABLE'],
    [400, 'KMS.DisabledException', 'STORE_DENIED'],
    [501, 'NotImplemented', 'STORE_UNSUPPORTED'],
    [403, 'SomethingNew', 'STORE_DENIED'],
    [418, 'SomethingNew', 'STORE_RESPONSE_INVALID'],
    [502, 'constructor', 'STORE_UNAVAILABLE'],
  ])('%i %s: %s', async (status, code, ours) => {
    server.answer = refusal(status, code);
    await expect(reading()).rejects.toMatchObject({ code: ours });
  });

  it('and a sentence that names the permission, and what it is wanted for', async () => {
    server.answer = refusal(403, 'AccessDenied');
    const listing = () => Array.fromAsync(store.list!('models/', { oneLevel: false }, call()));
    await expect(reading()).rejects.toThrow(/s3:\/\/models\/object.*Grant it s3:GetObject/);
    await expect(listing()).rejects.toThrow(/s3:\/\/models\/models\/.*Grant it s3:ListBucket/);
    await expect(store.put!('object', BYTES, {}, call())).rejects.toThrow(/s3:PutObject/);
    await expect(store.remove!('object', {}, call())).rejects.toThrow(/s3:DeleteObject/);
    const unfinished = () => Array.fromAsync(store.unfinished!('', call()));
    await expect(unfinished()).rejects.toThrow(/s3:ListBucketMultipartUploads/);
  });

  it('where the condition of a write does not hold, or somebody writes at the same moment', async () => {
    const put = (condition: { ifAbsent: true } | { ifVersion: string }) =>
      store.put!('object', BYTES, { condition }, call());
    server.answer = refusal(412, 'PreconditionFailed');
    await expect(put({ ifAbsent: true })).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    await expect(put({ ifVersion: '"one"' })).rejects.toMatchObject({ code: 'INPUT_CHANGED' });
    server.answer = refusal(404, 'NoSuchKey');
    await expect(put({ ifVersion: '"one"' })).rejects.toMatchObject({ code: 'INPUT_CHANGED' });
    server.answer = refusal(409, 'ConditionalRequestConflict');
    await expect(put({ ifAbsent: true })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('and what a server repeats of the request is in no error', async () => {
    server.answer = ({ headers }, response, request) => {
      const { authorization = '', 'x-amz-security-token': token = '' } = headers;
      const repeated = `<AWSAccessKeyId>${SESSION.accessKeyId}</AWSAccessKeyId><StringToSign>${authorization} ${token}</StringToSign>`;
      refusal(403, 'SignatureDoesNotMatch', repeated)({ method: 'GET' } as never, response, request);
    };
    const error = await reading().catch((thrown: unknown) => thrown as WeightsealError);
    const { inspect } = await import('node:util');
    const shown = inspect(error, { depth: 20, showHidden: true });
    for (const secret of Object.values(SESSION)) expect(shown).not.toContain(secret);
    expect(shown).not.toContain('Signature=');
    expect(error).toBeInstanceOf(WeightsealError);
  });
});

describe('what HEAD does not say', () => {
  it.each([
    [400, 'ExpiredToken', 'STORE_DENIED', /expired/],
    [400, 'AuthorizationHeaderMalformed', 'STORE_RESPONSE_INVALID', /region/],
    [403, 'RequestTimeTooSkewed', 'STORE_DENIED', /clock/],
    [403, 'AccessDenied', 'STORE_DENIED', /s3:GetObject/],
  ])('of %i %s, a read of one byte does', async (status, code, ours, sentence) => {
    server.answer = refusal(status, code);
    const error = await store.stat('object', call()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: ours, message: expect.stringMatching(sentence) });
    expect(server.seen.map(({ method, headers }) => `${method} ${headers.range ?? ''}`)).toEqual([
      'HEAD ',
      'GET bytes=0-0',
    ]);
  });

  it('is believed where a read is not refused', async () => {
    server.answer = (seen, ...rest) =>
      (seen.method === 'HEAD' ? refusal(403, '') : object(BYTES))(seen, ...rest);
    await expect(store.stat('object', call())).rejects.toMatchObject({ code: 'STORE_DENIED' });
  });

  it('of what is not there is not asked', async () => {
    server.answer = refusal(404, 'NoSuchKey');
    await expect(store.stat('object', call())).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
    expect(server.seen).toHaveLength(1);
  });
});

describe('what was written is compared', () => {
  it('with the checksum that the server tells', async () => {
    server.answer = (_, response) =>
      response.writeHead(200, { etag: '"two"', 'x-amz-checksum-crc32': 'AAAAAA==' }).end();
    await expect(store.put!('object', BYTES, {}, call())).rejects.toMatchObject({
      code: 'STORE_RESPONSE_INVALID',
    });
  });

  it('an answer without a version is none', async () => {
    server.answer = (_, response) => response.writeHead(200).end();
    await expect(store.put!('object', BYTES, {}, call())).rejects.toMatchObject({
      code: 'STORE_RESPONSE_INVALID',
    });
    await expect(store.stat('object', call())).rejects.toMatchObject({ code: 'STORE_RESPONSE_INVALID' });
    await expect(store.upload!('object', {}, call())).rejects.toMatchObject({
      code: 'STORE_RESPONSE_INVALID',
    });
  });

  it('an upload that fails at its end, in an answer that began well, has failed', async () => {
    server.answer = ({ query, method }, response) => {
      response.writeHead(200, { 'content-type': 'application/xml', etag: '"p"' });
      if (query.has('uploads'))
        response.end(
          '<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>',
        );
      else if (method === 'POST')
        response.end('<?xml version="1.0"?><Error><Code>InternalError</Code><Message>x</Message></Error>');
      else response.end();
    };
    const upload = await store.upload!('object', {}, call());
    await upload.part({ index: 0, offset: 0, bytes: BYTES, last: true }, call());
    await expect(upload.complete(call())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('a list is refused', () => {
  const page =
    (body: string): Answering =>
    (_, response) =>
      response
        .writeHead(200, { 'content-type': 'application/xml' })
        .end(`<?xml version="1.0"?><ListBucketResult>${body}</ListBucketResult>`);
  const item = (key: string) =>
    `<Contents><Key>${key}</Key><Size>1</Size><ETag>"e"</ETag><LastModified>2026-11-28T00:00:00.000Z</LastModified></Contents>`;
  const listing = () => Array.fromAsync(store.list!('a', { oneLevel: false }, call()));

  it('that leads back to the page before, for ever', async () => {
    const more = '<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>';
    server.answer = page(`${item('a1')}${more}`);
    await expect(listing()).rejects.toMatchObject({ code: 'STORE_RESPONSE_INVALID' });
    expect(server.seen).toHaveLength(2);
  });

  it('that says that there is more, and not where', async () => {
    server.answer = page(`${item('a1')}<IsTruncated>true</IsTruncated>`);
    await expect(listing()).rejects.toMatchObject({ code: 'STORE_RESPONSE_INVALID' });
  });

  it('of other keys than were asked for', async () => {
    server.answer = page(item('b1'));
    await expect(listing()).rejects.toMatchObject({ code: 'STORE_RESPONSE_INVALID' });
  });

  it('that has no end, before it fills the memory', async () => {
    server.answer = async (_, response) => {
      response.writeHead(200, { 'content-type': 'application/xml' });
      const much = Buffer.alloc(1 << 20, ' ');
      const left = new AbortController();
      response.once('close', () => left.abort());
      // Not at once: who has left is heard of only when nothing else is to be done.
      while (!left.signal.aborted)
        await new Promise((resolve) => response.write(much, () => setImmediate(resolve)));
    };
    await expect(listing()).rejects.toMatchObject({ code: expect.stringMatching(/^STORE_/) });
  });
});
