import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { CommonProxy } from './common-proxy.js';
import type { FaultProxy, SeenRequest } from './fault.js';
import { type HttpAnswer, sendHttp } from './http-answer.js';
import { forwardHttp, type Upstream } from './http-forward.js';

export interface HttpFaultProxyOptions extends Upstream {
  /** Makes the proxy itself speak TLS, with this key and certificate in PEM. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer } | undefined;
}

/** Starts a fault proxy for HTTP/1.1 on an ephemeral port of 127.0.0.1. Dispose of it to close every connection. */
export async function httpFaultProxy(options: HttpFaultProxyOptions): Promise<FaultProxy<HttpAnswer>> {
  const { tls } = options;
  const answer = async (incoming: IncomingMessage, response: ServerResponse) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const seen = await see(incoming);
    const forward = () => forwardHttp(options, seen, gone.signal);
    const delivery = await proxy.deliver(seen, forward, gone.signal);
    sendHttp(response, delivery, (by) => proxy.cut(incoming.socket.remotePort, by));
  };
  const onRequest = (incoming: IncomingMessage, response: ServerResponse) => {
    answer(incoming, response).catch((error: unknown) => {
      if (!response.destroyed) proxy.report(error);
      response.destroy();
    });
  };
  const server = tls ? createTlsServer({ ...tls }, onRequest) : createServer(onRequest);
  // The server never listens: its connections come from the port, which can be closed and can reset them.
  const proxy = await CommonProxy.open<HttpAnswer>(tls ? 'https://' : 'http://', (socket) =>
    server.emit('connection', socket),
  );
  return proxy;
}

async function see(incoming: IncomingMessage): Promise<SeenRequest> {
  const { method = 'GET', url: path = '/', headers } = incoming;
  return { method, path, headers, body: await buffer(incoming) };
}
