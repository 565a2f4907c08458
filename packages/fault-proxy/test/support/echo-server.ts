import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface EchoServer extends AsyncDisposable {
  readonly url: string;
  /** Requests that arrived. */
  readonly requests: number;
}

/** Answers with method, path, headers and body of the question. */
export async function echoServer(): Promise<EchoServer> {
  let requests = 0;
  const server = createServer(async (request, response) => {
    requests++;
    const { method, url, headers } = request;
    const body = (await buffer(request)).toString();
    response.writeHead(201, { 'content-type': 'application/json', 'x-request-id': 'r-1' });
    response.end(JSON.stringify({ method, url, headers, body }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
