import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import {
  abortedError,
  checkRange,
  type ObjectBody,
  type ObjectRange,
  type RangeAnswer,
  replaced,
  type StoreCall,
  type StoredObject,
  WeightsealError,
} from '@weightseal/core';
import type { Bucket } from './ask.js';
import type { Asked } from './asked.js';
import { s3Failure, statusOf } from './errors.js';
import { wireAnswer } from './ranges.js';

/** An answer to HEAD has no body, and so no code: expired credentials and a wrong region are both 400. A read is refused for the same reason, and says it. */
const UNTOLD = [400, 403];

export async function stat({ ask, uri }: Bucket, key: string, call: StoreCall): Promise<StoredObject> {
  const answer = await ask({ operation: 'HeadObject', key }, call, ({ sdk, client, common, abort }) =>
    client.send(new sdk.HeadObjectCommand({ ...common, Key: key }), abort).catch(async (error: unknown) => {
      if (!UNTOLD.includes(statusOf(error) ?? 0)) throw error;
      const first = new sdk.GetObjectCommand({ ...common, Key: key, Range: 'bytes=0-0' });
      const { Body } = await client.send(first, abort);
      wireAnswer(Body)?.drop();
      (Body as unknown as Readable).destroy();
      throw error;
    }),
  );
  const { ContentLength: size, ETag: version, LastModified: modified } = answer;
  if (size === undefined || !version) throw incomplete(`${uri}/${key}`);
  return { key, size, version, ...(modified && { modified: modified.toISOString() }) };
}

export async function read(
  bucket: Bucket,
  key: string,
  range: ObjectRange,
  call: StoreCall,
): Promise<ObjectBody> {
  const { offset, length, version } = range;
  const asked: Asked = { operation: 'GetObject', key };
  const answer = await bucket.ask(asked, call, ({ sdk, client, common, abort }) =>
    client
      .send(
        new sdk.GetObjectCommand({
          ...common,
          Key: key,
          Range: `bytes=${offset}-${offset + length - 1}`,
          ...(version !== undefined && { IfMatch: version }),
        }),
        abort,
      )
      .catch((error: unknown) => {
        if (statusOf(error) === 416) return undefined;
        throw error;
      }),
  );
  if (!answer) return beyond(bucket, key, range, call);
  const body = answer.Body as unknown as Readable;
  try {
    const object = checkRange(key, range, rangeAnswer(answer), `${bucket.uri}/${key}`);
    return { object, body: piecesOf(body, call.signal, (error) => s3Failure(error, asked, bucket.uri)) };
  } catch (error) {
    wireAnswer(body)?.drop();
    body.destroy();
    throw error;
  }
}

/** Of an empty object there is no range, and none beyond the end: the answer, 416, does not say which version it is of. */
async function beyond(
  bucket: Bucket,
  key: string,
  { offset, version }: ObjectRange,
  call: StoreCall,
): Promise<ObjectBody> {
  const object = await stat(bucket, key, call);
  if (version !== undefined && version !== object.version) throw replaced(`${bucket.uri}/${key}`);
  // It has grown since, or the server is wrong.
  if (offset < object.size) throw replaced(`${bucket.uri}/${key}`);
  return { object, body: (async function* () {})() };
}

function rangeAnswer(answer: GetObjectCommandOutput): RangeAnswer {
  const { $metadata, ContentRange, ContentLength, ContentEncoding, ETag, LastModified } = answer;
  const headers: Readonly<Record<string, string | undefined>> = {
    'content-range': ContentRange,
    'content-length': ContentLength === undefined ? undefined : String(ContentLength),
    'content-encoding': ContentEncoding,
    etag: ETag,
    'last-modified': LastModified?.toUTCString(),
  };
  return { status: $metadata.httpStatusCode ?? 0, header: (name) => headers[name] };
}

/** What the socket gives, as it comes. Ends with the signal also where nobody reads. */
function piecesOf(
  body: Readable,
  signal: AbortSignal,
  failure: (error: unknown) => WeightsealError,
): AsyncIterable<Uint8Array> {
  const wire = wireAnswer(body);
  if (wire) return pieces(wire.body);
  const stop = () => body.destroy(abortedError(signal));
  signal.addEventListener('abort', stop, { once: true });
  body.once('close', () => signal.removeEventListener('abort', stop));
  // Of a body that nobody reads any more, nobody is told.
  body.on('error', () => {});
  if (signal.aborted) stop();
  return pieces(body);

  async function* pieces(given: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* given;
    } catch (error) {
      throw signal.aborted ? abortedError(signal) : failure(error);
    } finally {
      body.destroy();
    }
  }
}

export function incomplete(where: string): WeightsealError {
  return new WeightsealError(
    'STORE_RESPONSE_INVALID',
    `The answer of ${where} does not say which version it is of, or how long that is. What answered does not speak as S3 does; check the endpoint and proxies.`,
  );
}
