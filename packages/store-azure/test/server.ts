import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import type { ObjectStore } from '@weightseal/core';
import { createAzureStore } from '@weightseal/store-azure';

/** Shaped like a signature of Azure's. What no error may show. */
export const SIGNATURE = 'q8W2eR5tY7uI9oP1aS3dF6gH0jK4lZxCvBnM8QwErTy%3D';
export const SAS: string = `sv=2026-02-06&sr=c&sp=rcwdl&se=2099-01-01T00%3A00%3A00Z&sig=${SIGNATURE}`;

export interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly Seen[];
}

/** A server of our own, for what azurite does not do. It answers each request by the function. */
export async function serving(
  answer: (seen: Seen, response: ServerResponse) => void | Promise<void>,
): Promise<Server> {
  const seen: Seen[] = [];
  const server = createServer(async (incoming, response) => {
    response.on('error', () => {});
    const body = await buffer(incoming).catch(() => Buffer.alloc(0));
    const { method = '', headers } = incoming;
    const one = { method, url: new URL(incoming.url ?? '/', 'http://x'), headers, body };
    seen.push(one);
    await answer(one, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** As Azure refuses. */
export function refusal(response: ServerResponse, status: number, code: string, message = 'No.'): void {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  response
    .writeHead(status, {
      'x-ms-error-code': code,
      'content-type': 'application/xml',
      'x-ms-request-id': 'id-1',
    })
    .end(body);
}

export function storeAt(url: string): ObjectStore {
  return createAzureStore({ account: 'seals', container: 'models', sasToken: SAS, endpoint: `${url}/seals` });
}

export const call: { readonly signal: AbortSignal } = { signal: new AbortController().signal };

/** The code of what it throws, once nothing in that has the signature. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const shown = inspect(error, { depth: 10, showHidden: true });
  if (shown.includes(SIGNATURE.slice(0, 16))) throw new Error('The signature is shown.');
  return (error as { code?: string } | undefined)?.code ?? String(error);
}

export async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}
