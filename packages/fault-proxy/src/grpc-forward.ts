import { connect, type IncomingHttpHeaders } from 'node:http2';
import type { SeenRequest } from './fault.js';
import { type GrpcAnswer, own } from './grpc-answer.js';
import { framed, unframed } from './grpc-frame.js';

/** Asks the upstream, over a connection of its own: no state outlives the call. */
export function forwardGrpc(
  upstream: string,
  request: SeenRequest,
  signal: AbortSignal,
): Promise<GrpcAnswer> {
  const session = connect(`http://${upstream}`);
  const stop = () => session.destroy();
  signal.addEventListener('abort', stop, { once: true });
  return new Promise<GrpcAnswer>((resolve, reject) => {
    session.once('error', reject);
    session.once('close', () => reject(new Error(`the connection to ${upstream} ended before the answer`)));
    const stream = session.request(headersFor(upstream, request));
    const chunks: Buffer[] = [];
    let head: IncomingHttpHeaders = {};
    let tail: IncomingHttpHeaders = {};
    // A stream that ends with its connection tells only in its cause why.
    stream.once('error', (error) => reject(error.cause ?? error));
    stream.once('response', (headers) => {
      head = headers;
    });
    stream.once('trailers', (headers) => {
      tail = headers;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => {
      try {
        resolve(answerOf(head, tail, Buffer.concat(chunks)));
      } catch (error) {
        reject(error);
      }
    });
    stream.end(framed(request.body));
  }).finally(() => {
    signal.removeEventListener('abort', stop);
    session.destroy();
  });
}

/** Metadata and deadline (`grpc-timeout`) go on as they came; only compression is not offered to the upstream. */
function headersFor(upstream: string, { path, headers }: SeenRequest): Record<string, string | string[]> {
  const { 'grpc-accept-encoding': _, ...metadata } = own(headers);
  return {
    ...metadata,
    ':method': 'POST',
    ':path': path,
    ':authority': upstream,
    'content-type': 'application/grpc',
    te: 'trailers',
  };
}

/** An error without a message comes as headers only: the specification's "Trailers-Only". */
function answerOf(head: IncomingHttpHeaders, tail: IncomingHttpHeaders, bytes: Buffer): GrpcAnswer {
  const only = head['grpc-status'] !== undefined;
  const last = only ? head : tail;
  return {
    status: Number(last['grpc-status']),
    details: decodeURIComponent(String(last['grpc-message'] ?? '')),
    metadata: only ? {} : own(head),
    trailers: own(last),
    body: unframed(bytes),
  };
}
