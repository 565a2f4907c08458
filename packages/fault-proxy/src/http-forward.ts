import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { SeenRequest } from './fault.js';
import { type HttpAnswer, passedOn } from './http-answer.js';

export interface Upstream {
  /** The server's URL; `https:` to speak TLS to it. Its path is put before that of each request. */
  readonly upstream: string;
  /** The certificate in PEM by which the upstream is known, if it is no public one. */
  readonly ca?: string | Buffer | undefined;
  /** The Host header for the upstream; the client's own unless told. */
  readonly host?: string | undefined;
}

/** Asks the upstream, over a connection of its own: no state outlives the request. */
export function forwardHttp(
  { upstream, ca, host }: Upstream,
  { method, path, headers, body }: SeenRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const base = new URL(upstream);
  const send = base.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = send({
      protocol: base.protocol,
      hostname: base.hostname,
      port: base.port,
      path: `${base.pathname.replace(/\/$/, '')}${path}`,
      method,
      headers: {
        ...passedOn(headers),
        ...(host !== undefined && { host }),
        'content-length': String(body.length),
      },
      agent: false,
      // Node would take it from the Host header, which is the client's. An IP address has none: RFC 6066 §3.
      servername: isIP(base.hostname) ? '' : base.hostname,
      signal,
      ...(ca !== undefined && { ca }),
    });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const { statusCode: status = 0, headers: answered } = incoming;
      buffer(incoming).then((bytes) => resolve({ status, headers: answered, body: bytes }), reject);
    });
    outgoing.end(body);
  });
}
