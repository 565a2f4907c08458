import { randomBytes } from 'node:crypto';
import { isWeightsealError } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { answering, refusal } from './answering.js';
import { crcOf, etagOf } from './fake/bucket.js';
import { FakeS3 } from './fake/server.js';
import { storeAt } from './stores.js';

const PART = 5 * 2 ** 20;
const call = { signal: new AbortController().signal };
const bytes = randomBytes(2 * PART + 1);
const parts = [0, 1, 2].map((index) => {
  const offset = index * PART;
  return { index, offset, bytes: bytes.subarray(offset, offset + PART), last: index === 2 };
});
const of = (ticket: string) => ({ ticket, size: bytes.length, partBytes: PART });
const sums = (...given: (Uint8Array | undefined)[]) =>
  Buffer.concat(given.map((one) => (one ? Buffer.from(crcOf(one), 'base64') : Buffer.alloc(4)))).toString(
    'base64',
  );

const part = (index: number, more = '', size = parts[index]!.bytes.length) =>
  `<Part><PartNumber>${index + 1}</PartNumber><Size>${size}</Size><ETag>${etagOf(parts[index]!.bytes)}</ETag>${more}</Part>`;
const sumOf = (given: Uint8Array) => `<ChecksumCRC32>${crcOf(given)}</ChecksumCRC32>`;

/** A server that lists these parts. */
const listing = (...listed: string[]) =>
  answering(({ method }, response) => {
    const body =
      method === 'GET'
        ? `<ListPartsResult><IsTruncated>false</IsTruncated>${listed.join('')}</ListPartsResult>`
        : '<CompleteMultipartUploadResult><ETag>"all-3"</ETag></CompleteMultipartUploadResult>';
    response.writeHead(200, { 'content-type': 'application/xml' }).end(body);
  });

describe('an upload that goes on', () => {
  it('sends a part again that another has put in its place', async () => {
    await using fake = await FakeS3.start('models');
    const store = storeAt(fake.url, 'models');
    const begun = await store.upload!('m', {}, call);
    for (const one of parts.slice(0, 2)) await begun.part(one, call);
    const [upload] = fake.buckets.get('models')!.uploads.values();
    const other = randomBytes(PART);
    upload!.parts.set(1, { bytes: other, etag: etagOf(other), modified: new Date() });
    const resumed = await store.resume!('m', of(begun.ticket!), call);
    expect([...resumed.taken!]).toEqual([1]);
  });

  it.each([
    [
      'as written down, where the server does not list it',
      [part(0), part(1)],
      sums(parts[0]!.bytes, parts[1]!.bytes),
      [0, 1],
      2,
    ],
    ['as listed, where it was not written down', [part(0, sumOf(parts[0]!.bytes))], '', [0], 1],
    ['not at all, where the server has none', [part(0), part(1)], '', [0, 1], 0],
    [
      'of the parts that were written down alone, where some were',
      [part(0), part(1)],
      sums(parts[0]!.bytes, undefined),
      [0],
      1,
    ],
  ])('tells the checksum of a part %s', async (_, listed, written, taken, told) => {
    await using server = await listing(...listed);
    const upload = await storeAt(server.url, 'models').resume!('m', of(`id ${written}`), call);
    expect([...upload.taken!]).toEqual(taken);
    await upload.complete(call);
    const said = server.seen.at(-1)!.body.toString();
    expect(said.match(/<PartNumber>/g)).toHaveLength(taken.length);
    expect(said.match(/<ChecksumCRC32>/g) ?? []).toHaveLength(told);
  });

  it('has no part of another length, or beyond the end', async () => {
    await using server = await listing(part(0, '', PART - 1), part(2, '', PART), part(1));
    const upload = await storeAt(server.url, 'models').resume!('m', of('id '), call);
    expect([...upload.taken!]).toEqual([1]);
  });

  it.each([
    [404, 'NoSuchUpload', 'INPUT_NOT_FOUND'],
    [400, 'InvalidArgument', 'INPUT_NOT_FOUND'],
    [403, 'AccessDenied', 'STORE_DENIED'],
    [503, 'SlowDown', 'STORE_THROTTLED'],
  ])('is told %i %s as %s', async (status, name, code) => {
    await using server = await answering(refusal(status, name));
    const error: unknown = await storeAt(server.url, 'models').resume!('m', of('id '), call).catch(
      (thrown: unknown) => thrown,
    );
    expect(isWeightsealError(error) && error.code).toBe(code);
  });
});
