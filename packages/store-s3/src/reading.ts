import type { Readable } from 'node:stream';
import {
  checkRange,
  type ObjectBody,
  type ObjectRange,
  replaced,
  type StoreCall,
  type StoredObject,
  WeightsealError,
} from '@weightseal/core';
import type { Bucket } from './ask.js';
import type { Asked } from './asked.js';
import { s3Failure, statusOf } from './errors.js';
import { type Failure, rangedBy, rangedBySdk } from './ranged.js';
import { overWire } from './ranges.js';

/** An answer to HEAD has no body, and so no code: expired credentials and a wrong region are both 400. A read is refused for the same reason, and says it. */
const UNTOLD = [400, 403];

export async function stat({ ask, uri }: Bucket, key: string, call: StoreCall): Promise<StoredObject> {
  const answer = await ask({ operation: 'HeadObject', key }, call, ({ sdk, client, common, abort }) =>
    client.send(new sdk.HeadObjectCommand({ ...common, Key: key }), abort).catch(async (error: unknown) => {
      if (!UNTOLD.includes(statusOf(error) ?? 0)) throw error;
      const first = new sdk.GetObjectCommand({ ...common, Key: key, Range: 'bytes=0-0' });
      const { Body } = await client.send(first, abort);
      overWire(Body)?.answer.drop();
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
  const asked: Asked = { operation: 'GetObject', key };
  const failure: Failure = (error) => s3Failure(error, asked, bucket.uri);
  const ranged = await bucket.ask(asked, call, async (to) => {
    const again = await to.alike?.ask(key, range, call.signal);
    if (again) return await rangedBy(again, call.signal, failure);
    return await rangedBySdk(to, key, range, call.signal, failure);
  });
  if (!ranged) return beyond(bucket, key, range, call);
  try {
    return { object: checkRange(key, range, ranged.answer, `${bucket.uri}/${key}`), body: ranged.body };
  } catch (error) {
    ranged.drop();
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

export function incomplete(where: string): WeightsealError {
  return new WeightsealError(
    'STORE_RESPONSE_INVALID',
    `The answer of ${where} does not say which version it is of, or how long that is. What answered does not speak as S3 does; check the endpoint and proxies.`,
  );
}
