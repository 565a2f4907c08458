import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export type Answering = (seen: Seen, response: ServerResponse, request: IncomingMessage) => unknown;

export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly seen: Seen[];
  /** What it says, from the next request on. */
  answer: Answering;
}

/** A server of HTTP that says what it is told to. */
export async function answering(answer: Answering): Promise<Server> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '/', headers } = request;
    const { pathname, searchParams: query } = new URL(url, 'http://127.0.0.1');
    const one = { method, path: pathname, query, headers, body: await buffer(request) };
    seen.push(one);
    await told.answer(one, response, request);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const told: Server = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return told;
}

/** An answer of S3 that says no. */
export function refusal(
  status: number,
  code: string,
  more = '',
  headers: Record<string, string> = {},
): Answering {
  return ({ method }, response) => {
    response.writeHead(status, {
      'content-type': 'application/xml',
      'x-amz-request-id': 'TESTREQUEST',
      ...headers,
    });
    if (method === 'HEAD') response.end();
    else
      response.end(
        `<?xml version="1.0"?><Error><Code>${code}</Code><Message>As told.</Message>${more}</Error>`,
      );
  };
}

/** What a server says that has an object of these bytes, and heeds ranges. */
export function object(
  bytes: Uint8Array,
  change: Record<string, string | undefined> = {},
  status = 206,
): Answering {
  return ({ headers }, response) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    const start = Number(from ?? 0);
    const end = Math.min(Number(to ?? bytes.length - 1), bytes.length - 1);
    const all: Record<string, string | undefined> = {
      etag: '"one"',
      'content-length': String(end - start + 1),
      'content-range': `bytes ${start}-${end}/${bytes.length}`,
      'last-modified': 'Sat, 28 Nov 2026 00:00:00 GMT',
      ...change,
    };
    for (const [name, value] of Object.entries(all)) if (value !== undefined) response.setHeader(name, value);
    response.writeHead(status);
    response.end(bytes.subarray(start, end + 1));
  };
}
