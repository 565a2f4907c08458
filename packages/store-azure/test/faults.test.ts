import { httpFaultProxy, storeFaultSuite } from '@weightseal/fault-proxy';
import { describe, it } from 'vitest';
import { refusal, SAS, SIGNATURE, serving, storeAt } from './server.js';

const BYTES = Buffer.from(Array.from({ length: 250_000 }, (_, at) => (at * 7) % 251));

function error(status: number, code: string) {
  const body = Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.</Message></Error>`);
  return { status, headers: { 'x-ms-error-code': code, 'content-type': 'application/xml' }, body };
}

/** A page of a listing that has no last one. */
function page(number: number) {
  const keys = Array.from({ length: 1000 }, (_, at) => `list/${String(number * 1000 + at).padStart(9, '0')}`);
  const blobs = keys.map(
    (key) =>
      `<Blob><Name>${key}</Name><Properties><Last-Modified>Sat, 28 Nov 2026 04:00:00 GMT</Last-Modified><Etag>"a"</Etag><Content-Length>1</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>`,
  );
  const body = `<?xml version="1.0"?><EnumerationResults ContainerName="models"><Blobs>${blobs.join('')}</Blobs><NextMarker>${number}</NextMarker></EnumerationResults>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(body) };
}
let pages = 0;

storeFaultSuite(
  // Side by side: the cases do little but wait.
  { describe, it: it.concurrent },
  {
    name: 'Blob Storage',
    async setup() {
      let [bytes, etag] = [BYTES, '"0x17"'];
      const server = await serving(({ headers }, response) => {
        const wanted = headers['if-match'];
        if (wanted !== undefined && wanted !== etag) return refusal(response, 412, 'ConditionNotMet');
        const range = String(headers['x-ms-range'] ?? headers.range ?? '');
        const [, from = 0, to = 0] = (/^bytes=(\d+)-(\d+)$/.exec(range) ?? []).map(Number);
        const part = bytes.subarray(from, to + 1);
        response.writeHead(206, {
          'content-range': `bytes ${from}-${from + part.length - 1}/${bytes.length}`,
          'content-length': String(part.length),
          'x-ms-blob-type': 'BlockBlob',
          etag,
        });
        response.end(part);
      });
      const proxy = await httpFaultProxy({ upstream: server.url });
      const store = storeAt(proxy.url);
      return {
        location: { store, key: 'object' },
        proxy,
        bytes: BYTES,
        replace: async () => {
          [bytes, etag] = [Buffer.from(BYTES).reverse(), '"0x18"'];
        },
        secrets: [Buffer.from(SAS), Buffer.from(SIGNATURE)],
        async teardown() {
          await store.close();
          await proxy[Symbol.asyncDispose]();
          await server[Symbol.asyncDispose]();
        },
      };
    },
    hugeListing: {
      prefix: 'list/',
      fault: {
        kind: 'rewrite',
        when: ({ path }) => path.includes('comp=list'),
        rewrite: () => page(pages++),
      },
    },
    answers: {
      unavailable: error(503, 'ServerBusy'),
      throttled: error(429, 'TooManyRequests'),
      expired: error(403, 'AuthenticationFailed'),
      forbidden: error(403, 'AuthorizationPermissionMismatch'),
    },
  },
);
