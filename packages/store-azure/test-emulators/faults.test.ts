import { randomBytes, randomUUID } from 'node:crypto';
import { type HttpAnswer, httpFaultProxy, storeFaultSuite } from '@weightseal/fault-proxy';
import { createAzureStore } from '@weightseal/store-azure';
import { describe, it } from 'vitest';
import { call } from '../test/server.js';
import { account, azuriteAt, CONTAINER, signatureIn, signed, VARIABLE } from './azurite.js';

const url = await azuriteAt();

/** As Azure says it. */
function refusal(status: number, code: string, message: string): HttpAnswer {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return {
    status,
    headers: { 'content-type': 'application/xml', 'x-ms-error-code': code },
    body: Buffer.from(body),
  };
}

function blob(i: number): string {
  const name = `faults/${String(i).padStart(12, '0')}`;
  return `<Blob><Name>${name}</Name><Properties><Last-Modified>Sat, 28 Nov 2026 04:00:00 GMT</Last-Modified><Etag>0x1</Etag><Content-Length>1</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>`;
}

function page(at: number): HttpAnswer {
  const blobs = Array.from({ length: 1000 }, (_, i) => blob(at * 1000 + i)).join('');
  const list = `<?xml version="1.0"?><EnumerationResults ServiceEndpoint="x" ContainerName="models"><Blobs>${blobs}</Blobs><NextMarker>${at + 1}</NextMarker></EnumerationResults>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(list) };
}

describe.skipIf(!url)(`faults, skipped unless ${VARIABLE} is its URL`, () => {
  if (!url) return;
  const sasToken = signed();
  storeFaultSuite(
    { describe, it: it.concurrent },
    {
      name: 'Azure Blob Storage on azurite',
      async setup() {
        const [key, bytes] = [`faults/${randomUUID()}`, randomBytes(300_000)];
        const place = { account, container: CONTAINER, sasToken };
        const straight = createAzureStore({ ...place, endpoint: url });
        await straight.put!(key, bytes, {}, call);
        const proxy = await httpFaultProxy({ upstream: new URL(url).origin });
        const store = createAzureStore({ ...place, endpoint: `${proxy.url}/${account}` });
        const replace = async () => {
          await straight.put!(key, randomBytes(bytes.length), {}, call);
        };
        const secrets = [
          Buffer.from(signatureIn(sasToken)),
          Buffer.from(encodeURIComponent(signatureIn(sasToken))),
        ];
        return { location: { store, key }, proxy, bytes, replace, secrets };
      },
      answers: {
        unavailable: refusal(500, 'InternalError', 'The server encountered an internal error.'),
        throttled: refusal(503, 'ServerBusy', 'The server is busy.'),
        expired: refusal(403, 'AuthenticationFailed', `Signature not valid: ${signatureIn(sasToken)}`),
        forbidden: refusal(403, 'AuthorizationPermissionMismatch', 'Not with this permission.'),
      },
      hugeListing: {
        prefix: 'faults/',
        fault: {
          kind: 'rewrite',
          rewrite: (_, { path }) => page(Number(/marker=(\d+)/.exec(path)?.[1] ?? 0)),
        },
      },
    },
  );
});
