import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';

export interface ConnectProxy extends AsyncDisposable {
  readonly url: string;
  /** What it was asked to connect with, as host:port. */
  readonly asked: string[];
}

/** A proxy as companies have them. Whatever is asked for, it connects with the port of this machine that it was given, or else refuses. */
export async function connectProxy(port?: number): Promise<ConnectProxy> {
  const asked: string[] = [];
  const clients = new Set<Duplex>();
  const server = createServer((_, response) => response.writeHead(501).end());
  server.on('connect', ({ url = '' }, client) => {
    asked.push(url);
    client.on('error', () => {});
    clients.add(client);
    if (port === undefined) {
      client.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n');
      return;
    }
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
