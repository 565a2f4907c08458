import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Delivery } from './delivery.js';
import type { Answer, Headers } from './fault.js';
import { framed, framedLength } from './grpc-frame.js';

/** The status codes that a key service answers with: the gRPC specification, "Status codes and their use". */
export const GRPC_STATUS = {
  OK: 0,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

export interface GrpcAnswer extends Answer {
  /** The message, without its frame; not sent unless the status is 0. */
  readonly body: Uint8Array;
  readonly status: number;
  readonly details: string;
  /** Sent before the message. */
  readonly metadata: Headers;
  /** Sent after it, without status and details. */
  readonly trailers: Headers;
}

/** An answer that is an error. */
export function grpcError(status: keyof typeof GRPC_STATUS, details: string): GrpcAnswer {
  return { status: GRPC_STATUS[status], details, metadata: {}, trailers: {}, body: new Uint8Array() };
}

/** Writes the answer. `end` is called once the part that is to arrive has been handed to the system. */
export function sendGrpc(
  stream: ServerHttp2Stream,
  { answer, cut }: Delivery<GrpcAnswer>,
  end: (by: 'reset' | 'close') => void,
): void {
  const { status, details, metadata, trailers, body } = answer;
  const head = {
    ...own(metadata),
    [constants.HTTP2_HEADER_STATUS]: 200,
    [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
  };
  const tail = {
    ...own(trailers),
    'grpc-status': String(status),
    'grpc-message': encodeURI(details),
  };
  if (status !== GRPC_STATUS.OK) {
    stream.respond({ ...head, ...tail }, { endStream: true });
    return;
  }
  stream.respond(head, { waitForTrailers: true });
  if (cut !== undefined) {
    const { after, by } = cut;
    stream.write(framed(body).subarray(0, framedLength(after)), () => {
      if (by !== 'silence') end(by);
    });
    return;
  }
  stream.once('wantTrailers', () => stream.sendTrailers(tail));
  stream.end(framed(body));
}

/** Headers without those that HTTP/2 and gRPC set themselves. */
export function own(headers: Headers | IncomingHttpHeaders): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(':')) continue;
    if (name === 'grpc-status' || name === 'grpc-message' || name === 'content-type') continue;
    kept[name] = typeof value === 'string' ? value : [...value];
  }
  return kept;
}
