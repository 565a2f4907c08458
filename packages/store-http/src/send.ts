import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { abortedError, onlyInTls13, type Wire } from '@weightseal/core';
import type { Connections } from './connections.js';
import { failed } from './errors.js';

export interface Sent {
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  /** Whether the store itself asks its host, and nobody elsewhere has led there. */
  readonly isOwn: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer with its body still to come, in pieces that are good until the next one is asked for. */
export interface Incoming {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  /** For a body that nobody wants. */
  drop(): void;
}

/** Bodies of answers that nobody wants are read to their end when they are short, so that the connection can be used again. */
const SHORT_BYTES = 65_536;

/** Asks once. Redirects are answers like any other. */
export async function send(
  connections: Connections,
  sent: Sent,
  where: string,
  signal: AbortSignal,
): Promise<Incoming> {
  if (signal.aborted) throw abortedError(signal);
  await connections.prepare(sent, signal);
  const wire = sent.method === 'GET' ? await connections.wireTo(sent) : undefined;
  const sending = wire ? overWire(wire, sent, signal) : byNode(connections, sent, signal);
  return await sending.catch((error: unknown) => {
    throw signal.aborted ? abortedError(signal) : (connections.refusalOf(error) ?? failed(error, where));
  });
}

async function overWire(wire: Wire, { url, headers }: Sent, signal: AbortSignal): Promise<Incoming> {
  const { origin, pathname, search } = url;
  const {
    status,
    headers: told,
    body,
    drop,
  } = await wire.get({ origin, path: pathname + search, headers }, signal);
  return { status, header: (name) => told.get(name), body, drop };
}

function byNode(connections: Connections, sent: Sent, signal: AbortSignal): Promise<Incoming> {
  return new Promise((resolve, reject) => {
    const { method, url, headers } = sent;
    const { request, agent, tls } = connections.to(sent);
    const outgoing = request(url, { ...tls, method, agent, signal, headers });
    if (tls) outgoing.once('socket', (socket) => onlyInTls13(socket as TLSSocket));
    // For each of them: a second one, after the answer has begun, must not end the process.
    outgoing.on('error', reject);
    outgoing.once('response', (incoming) => {
      // Who reads the body hears of it; where nobody does, it must not end the process.
      incoming.on('error', () => {});
      resolve(ofNode(incoming, method === 'HEAD'));
    });
    outgoing.end();
  });
}

function ofNode(incoming: IncomingMessage, isHead: boolean): Incoming {
  return {
    status: incoming.statusCode ?? 0,
    header: (name) => [incoming.headers[name]].flat()[0],
    body: incoming as AsyncIterable<Uint8Array>,
    drop() {
      const length = Number(incoming.headers['content-length']);
      // To HEAD there is none.
      if (length <= SHORT_BYTES || isHead) incoming.resume();
      else incoming.destroy();
    },
  };
}
