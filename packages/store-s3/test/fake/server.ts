import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { crcOf, etagOf, FakeBucket, Refusal } from './bucket.js';
import { listObjects, listParts, listUploads, partsIn, xmlOf } from './xml.js';

export interface FakeRequest {
  readonly method: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

/** S3 on loopback, in path style: what weightseal asks of it, with its conditions and checksums. Signatures are not verified; whose access key it is, is. */
export class FakeS3 implements AsyncDisposable {
  readonly buckets = new Map<string, FakeBucket>();
  readonly seen: FakeRequest[] = [];
  /** The access keys of those who may do nothing. */
  readonly denied = new Set<string>();
  /** Never answers. */
  silent = false;
  url = '';
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });

  static async start(...buckets: readonly string[]): Promise<FakeS3> {
    const fake = new FakeS3();
    for (const name of buckets) fake.buckets.set(name, new FakeBucket());
    await once(fake.#server.listen(0, '127.0.0.1'), 'listening');
    fake.url = `http://127.0.0.1:${(fake.#server.address() as AddressInfo).port}`;
    return fake;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '/', headers } = incoming;
    const [path = '', search] = url.split('?');
    const [, name = '', ...rest] = path.split('/').map(decodeURIComponent);
    const query = new URLSearchParams(search);
    const request = { method, key: rest.join('/'), query, headers, body: await buffer(incoming) };
    this.seen.push(request);
    if (this.silent) return;
    const { status = 200, headers: more, body = '' } = this.#said(name, request);
    response.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...more });
    response.end(method === 'HEAD' ? undefined : body);
  }

  #said(name: string, request: FakeRequest): Answer {
    try {
      const [, who = ''] = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
      if (who === '' || this.denied.has(who)) throw new Refusal(403, 'AccessDenied');
      const bucket = this.buckets.get(name);
      if (!bucket) throw new Refusal(404, 'NoSuchBucket');
      return ofBucket(bucket, name, request);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status, code } = error;
      return { status, body: xmlOf('Error', { Code: code, Message: 'The fake says no.' }) };
    }
  }
}

function ofBucket(bucket: FakeBucket, name: string, request: FakeRequest): Answer {
  const { method, key, query } = request;
  if (method === 'GET' && query.get('list-type') === '2') return { body: listObjects(bucket, query) };
  if (method === 'GET' && query.has('uploads')) return { body: listUploads(bucket, query) };
  if (method === 'GET' && query.has('uploadId'))
    return { body: listParts(bucket.begun(query.get('uploadId'), key), query) };
  if (method === 'GET' || method === 'HEAD') return read(bucket, request);
  if (method === 'DELETE') return remove(bucket, request);
  if (method === 'POST' && query.has('uploads'))
    return { body: xmlOf('InitiateMultipartUploadResult', { UploadId: bucket.begin(key) }) };
  if (method === 'POST') return complete(bucket, request);
  if (query.has('partNumber')) return part(bucket, name, request);
  const bytes = taken(request);
  const { etag } = bucket.write(key, bytes, etagOf(bytes), conditionsOf(request));
  return { headers: { etag, 'x-amz-checksum-crc32': crcOf(bytes) } };
}

function read(bucket: FakeBucket, { method, key, headers }: FakeRequest): Answer {
  const { bytes, etag, modified } = bucket.find(key);
  if (headers['if-match'] !== undefined && headers['if-match'] !== etag)
    throw new Refusal(412, 'PreconditionFailed');
  const all = { etag, 'last-modified': modified.toUTCString() };
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
  if (method === 'HEAD' || first === undefined) {
    const length = { 'content-length': String(bytes.length) };
    return { headers: { ...all, ...length }, body: method === 'HEAD' ? '' : bytes };
  }
  const [from, to] = [Number(first), Math.min(Number(last), bytes.length - 1)];
  if (from >= bytes.length) throw new Refusal(416, 'InvalidRange');
  const range = { 'content-range': `bytes ${from}-${to}/${bytes.length}` };
  return { status: 206, headers: { ...all, ...range }, body: bytes.subarray(from, to + 1) };
}

function remove(bucket: FakeBucket, { key, query, headers }: FakeRequest): Answer {
  if (query.has('uploadId')) {
    bucket.begun(query.get('uploadId'), key);
    bucket.uploads.delete(query.get('uploadId')!);
    return { status: 204 };
  }
  const there = bucket.objects.get(key);
  if (headers['if-match'] !== undefined && there && there.etag !== headers['if-match'])
    throw new Refusal(412, 'PreconditionFailed');
  bucket.objects.delete(key);
  return { status: 204 };
}

function part(bucket: FakeBucket, name: string, request: FakeRequest): Answer {
  const { key, query, headers } = request;
  const { parts } = bucket.begun(query.get('uploadId'), key);
  const source = headers['x-amz-copy-source'];
  const bytes = source === undefined ? taken(request) : copied(bucket, name, String(source), headers);
  const etag = etagOf(bytes);
  parts.set(Number(query.get('partNumber')), { bytes, etag, modified: new Date() });
  const ChecksumCRC32 = crcOf(bytes);
  return source === undefined
    ? { headers: { etag, 'x-amz-checksum-crc32': ChecksumCRC32 } }
    : { body: xmlOf('CopyPartResult', { ETag: etag, ChecksumCRC32 }) };
}

function copied(bucket: FakeBucket, name: string, source: string, headers: FakeRequest['headers']): Buffer {
  const [from, ...key] = decodeURIComponent(source).split('/');
  if (from !== name) throw new Refusal(404, 'NoSuchBucket');
  const { bytes, etag } = bucket.find(key.join('/'));
  if (headers['x-amz-copy-source-if-match'] !== etag) throw new Refusal(412, 'PreconditionFailed');
  const range = String(headers['x-amz-copy-source-range']);
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  if (Number(last) >= bytes.length) throw new Refusal(416, 'InvalidRange');
  return bytes.subarray(Number(first), Number(last) + 1);
}

function complete(bucket: FakeBucket, request: FakeRequest): Answer {
  const { key, query, body } = request;
  const id = query.get('uploadId');
  const { etag } = bucket.complete(id, key, partsIn(body.toString()), conditionsOf(request));
  return { body: xmlOf('CompleteMultipartUploadResult', { ETag: etag }) };
}

/** The body, once it is what was sent. */
function taken({ body, headers }: FakeRequest): Buffer {
  const sum = headers['x-amz-checksum-crc32'];
  if (sum !== undefined && sum !== crcOf(body)) throw new Refusal(400, 'BadDigest');
  return body;
}

function conditionsOf({ headers }: FakeRequest) {
  return { ifMatch: headers['if-match'], ifNoneMatch: headers['if-none-match'] };
}
