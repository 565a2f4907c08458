import { type ErrorCode, isWeightsealError, ObjectWriter, sweepUploads } from '@weightseal/core';
import { type FaultProxy, type HttpAnswer, httpFaultProxy, type SeenRequest } from '@weightseal/fault-proxy';
import { describe, expect, it } from 'vitest';
import { FakeS3 } from './fake/server.js';
import { storeAt } from './stores.js';

const BUCKET = 'models';
const MIB = 1_048_576;
const KEY = 'models/m.sealed';
const tuning = { partBytes: 5 * MIB, attempts: 4, requestTimeoutMs: 3000 };
const small = Buffer.alloc(1000, 'small');
const large = Buffer.alloc(11 * MIB, 'not all the same');

type When = (request: SeenRequest) => boolean;
const REQUESTS: readonly (readonly [string, Buffer, When])[] = [
  ['PutObject', small, ({ method, path }) => method === 'PUT' && !path.includes('partNumber=')],
  ['CreateMultipartUpload', large, ({ method, path }) => method === 'POST' && /[?&]uploads/.test(path)],
  ['UploadPart', large, ({ path }) => path.includes('partNumber=')],
  ['CompleteMultipartUpload', large, ({ method, path }) => method === 'POST' && path.includes('uploadId=')],
];

function refusal(status: number, code: string): HttpAnswer {
  const body = Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.</Message></Error>`);
  return { status, headers: { 'content-type': 'application/xml' }, body };
}

const ONCE: Readonly<Record<string, (when: When) => FaultProxy<HttpAnswer>['fault']>> = {
  'is lost by a gateway': (when) => ({
    kind: 'rewrite',
    times: 1,
    when,
    rewrite: () => refusal(502, 'BadGateway'),
  }),
  'is reset in its midst': (when) => ({ kind: 'reset', times: 1, when }),
  'is cut': (when) => ({ kind: 'truncate', times: 1, when }),
  'says to ask less': (when) => ({ kind: 'answer', times: 2, when, answer: refusal(503, 'SlowDown') }),
};
const EVER: readonly (readonly [string, HttpAnswer, readonly ErrorCode[]])[] = [
  ['says to ask less', refusal(503, 'SlowDown'), ['STORE_THROTTLED']],
  ['says that it is broken', refusal(500, 'InternalError'), ['STORE_UNAVAILABLE']],
  ['says that the credentials have expired', refusal(400, 'ExpiredToken'), ['STORE_DENIED']],
];

/** Writes it through a proxy that spoils answers. */
async function written(bytes: Buffer, fault: FaultProxy<HttpAnswer>['fault']) {
  await using fake = await FakeS3.start(BUCKET);
  await using proxy = await httpFaultProxy({ upstream: fake.url });
  proxy.fault = fault;
  const [store, direct] = [storeAt(proxy.url, BUCKET), storeAt(fake.url, BUCKET)];
  let error: unknown;
  try {
    const at = { store, key: KEY, tuning };
    await using writer = await ObjectWriter.create(at, { condition: { ifAbsent: true } });
    for (let from = 0; from < bytes.length; from += MIB) await writer.write(bytes.subarray(from, from + MIB));
    await writer.complete();
  } catch (thrown) {
    error = thrown;
  }
  const bucket = fake.buckets.get(BUCKET)!;
  const left = bucket.uploads.size;
  const swept = await sweepUploads({ store: direct, key: '' }, { olderThan: new Date(Date.now() + 1000) });
  expect(swept).toHaveLength(left);
  await Promise.all([store.close(), direct.close()]);
  const code = isWeightsealError(error) ? error.code : error;
  return { code, there: bucket.objects.get(KEY)?.bytes, left };
}

describe.each(REQUESTS)('when the answer to a %s', (request, bytes, when) => {
  it.concurrent.each(Object.entries(ONCE))('%s, the object is written', async (how, fault) => {
    const { code, there, left } = await written(bytes, fault(when));
    expect(code).toBeUndefined();
    expect(there?.equals(bytes)).toBe(true);
    // Nobody knows its name: `sweep` has found it.
    const unknown = request === 'CreateMultipartUpload' && how !== 'says to ask less';
    expect(left).toBe(unknown ? 1 : 0);
  });

  it.concurrent.each(EVER)(
    '%s every time, nothing is there, and one code says why',
    async (_, answer, codes) => {
      const { code, there, left } = await written(bytes, { kind: 'answer', when, answer });
      expect(codes).toContain(code);
      expect(there).toBeUndefined();
      expect(left).toBe(0);
    },
  );
});
