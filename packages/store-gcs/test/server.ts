import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import type { ObjectStore } from '@weightseal/core';
import { createGcsStore } from '@weightseal/store-gcs';
import { OAuth2Client } from 'google-auth-library';

/** Shaped like an OAuth 2 access token of Google. What no error may show. */
export const TOKEN = 'ya29.c.c0ASRK0GZ3EXAMPLEtokenOFaTestRunOnly-_4rTbq8WxvUo1EyN2mHs7KfJdLpQzC6iAgVe9';

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

/** A server of our own, for what no emulator does. It answers each request by the function. */
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

export function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** As Cloud Storage refuses. */
export function refusal(response: ServerResponse, status: number, reason: string, message = 'No.'): void {
  json(response, status, { error: { code: status, message, errors: [{ message, reason }] } });
}

export function storeAt(url: string, bucket = 'models'): ObjectStore {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: TOKEN });
  return createGcsStore({ bucket, endpoint: url, clientOptions: { authClient } });
}

export const call: { readonly signal: AbortSignal } = { signal: new AbortController().signal };

/** The code of what it throws, once nothing in that has the token. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const shown = inspect(error, { depth: 10, showHidden: true });
  if (shown.includes(TOKEN.slice(0, 24))) throw new Error('The token is shown.');
  return (error as { code?: string } | undefined)?.code ?? String(error);
}

export async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}
