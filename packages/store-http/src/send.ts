import type { IncomingMessage } from 'node:http';
import { abortedError } from '@weightseal/core';
import type { Connections } from './connections.js';
import { failed } from './errors.js';

export interface Sent {
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** Bodies of answers that nobody wants are read to their end when they are short, so that the connection can be used again. */
const SHORT_BYTES = 65_536;

/** Asks once, and gives the answer with its body still to come. Redirects are answers like any other. */
export function send(
  connections: Connections,
  { method, url, headers }: Sent,
  where: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortedError(signal));
      return;
    }
    const { request, agent } = connections.to(url);
    const outgoing = request(url, { method, agent, signal, headers });
    // For each of them: a second one, after the answer has begun, must not end the process.
    outgoing.on('error', (error) => reject(signal.aborted ? abortedError(signal) : failed(error, where)));
    outgoing.once('response', (incoming) => {
      // Who reads the body hears of it; where nobody does, it must not end the process.
      incoming.on('error', () => {});
      resolve(incoming);
    });
    outgoing.end();
  });
}

export function drop(incoming: IncomingMessage): void {
  const length = Number(incoming.headers['content-length']);
  if (length <= SHORT_BYTES) incoming.resume();
  else incoming.destroy();
}
