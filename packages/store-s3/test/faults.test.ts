import { httpFaultProxy, storeFaultSuite } from '@weightseal/fault-proxy';
import { describe, it } from 'vitest';
import { FakeS3 } from './fake/server.js';
import { SECRETS, storeAt } from './stores.js';

const BYTES = Buffer.from(Array.from({ length: 250_000 }, (_, at) => (at * 7) % 251));
const call = { signal: new AbortController().signal };

function error(status: number, code: string) {
  const body = Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.</Message></Error>`);
  return { status, headers: { 'content-type': 'application/xml' }, body };
}

/** A page of a listing that has no last one. */
function page(number: number) {
  const keys = Array.from({ length: 1000 }, (_, at) => `list/${String(number * 1000 + at).padStart(9, '0')}`);
  const contents = keys.map(
    (key) =>
      `<Contents><Key>${key}</Key><Size>1</Size><ETag>"a"</ETag><LastModified>2026-11-28T04:00:00.000Z</LastModified></Contents>`,
  );
  const body = `<?xml version="1.0"?><ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>${number}</NextContinuationToken>${contents.join('')}</ListBucketResult>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(body) };
}
let pages = 0;

storeFaultSuite(
  // Side by side: the cases do little but wait.
  { describe, it: it.concurrent },
  {
    name: 'S3',
    async setup() {
      const fake = await FakeS3.start('models');
      const [direct, proxy] = [storeAt(fake.url, 'models'), await httpFaultProxy({ upstream: fake.url })];
      const put = async (bytes: Uint8Array) => void (await direct.put!('object', bytes, {}, call));
      await put(BYTES);
      const store = storeAt(proxy.url, 'models');
      return {
        location: { store, key: 'object' },
        proxy,
        bytes: BYTES,
        replace: () => put(Buffer.from(BYTES).reverse()),
        secrets: SECRETS,
        async teardown() {
          await Promise.all([direct.close(), store.close()]);
          await proxy[Symbol.asyncDispose]();
          await fake[Symbol.asyncDispose]();
        },
      };
    },
    hugeListing: {
      prefix: 'list/',
      fault: {
        kind: 'rewrite',
        when: ({ path }) => path.includes('list-type=2'),
        rewrite: () => page(pages++),
      },
    },
    answers: {
      unavailable: error(503, 'SlowDown'),
      throttled: error(429, 'TooManyRequests'),
      expired: error(400, 'ExpiredToken'),
      forbidden: error(403, 'AccessDenied'),
    },
  },
);
