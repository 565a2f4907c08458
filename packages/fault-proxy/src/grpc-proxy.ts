import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { CommonProxy } from './common-proxy.js';
import type { FaultProxy, SeenRequest } from './fault.js';
import { type GrpcAnswer, sendGrpc } from './grpc-answer.js';
import { forwardGrpc } from './grpc-forward.js';
import { unframed } from './grpc-frame.js';

export interface GrpcFaultProxyOptions {
  /** `host:port` of a server that speaks gRPC without TLS. */
  readonly upstream: string;
}

/**
 * Starts a fault proxy for unary gRPC calls without TLS, on an ephemeral port of 127.0.0.1. It knows no service: messages
 * are bytes to it. Dispose of it to close every connection.
 */
export async function grpcFaultProxy({ upstream }: GrpcFaultProxyOptions): Promise<FaultProxy<GrpcAnswer>> {
  const answer = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const gone = new AbortController();
    stream.once('close', () => gone.abort());
    const from = stream.session?.socket.remotePort;
    const seen = await see(stream, headers);
    const forward = () => forwardGrpc(upstream, seen, gone.signal);
    const delivery = await proxy.deliver(seen, forward, gone.signal);
    sendGrpc(stream, delivery, (by) => proxy.cut(from, by));
  };
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    // A client that goes away is none of the proxy's errors.
    stream.on('error', () => {});
    answer(stream, headers).catch((error: unknown) => {
      if (!stream.destroyed) proxy.report(error);
      stream.destroy();
    });
  });
  server.on('sessionError', () => {});
  // The server never listens: its connections come from the port, which can be closed and can reset them.
  const proxy = await CommonProxy.open<GrpcAnswer>('', (socket) => server.emit('connection', socket));
  return proxy;
}

async function see(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<SeenRequest> {
  const { ':method': method = 'POST', ':path': path = '/' } = headers;
  return { method, path, headers, body: unframed(await buffer(stream)) };
}
