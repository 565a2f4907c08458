import type { IncomingMessage } from 'node:http';
import { secretBytes } from '@weightseal/core';
import type { Connection } from './connection.js';

/** Beyond any answer of Transit: a key tells of each of its versions in about 20 bytes. */
const MAX_ANSWER_BYTES = 1024 * 1024;

export interface Sent {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** Whoever gets it zeroes it: there may be a data key in it. */
  readonly body: Buffer;
}

/** The answer is longer than any can be. */
export class TooLong extends Error {}

/** Asks once. Redirects are answers like any other. Errors are Node's own, and hold what they like. */
export function send({ request, agent }: Connection, sent: Sent, signal: AbortSignal): Promise<Answer> {
  const { method, url, body } = sent;
  const length = body === undefined ? {} : { 'content-length': String(body.length) };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, agent, signal, headers: { ...sent.headers, ...length } });
    // For each of them: a second one, after the answer has begun, must not end the process.
    outgoing.on('error', reject);
    outgoing.once('response', (incoming) => {
      const { statusCode: status = 0, headers } = incoming;
      collect(incoming).then(
        (all) => resolve({ status, retryAfter: headers['retry-after'], body: all }),
        reject,
      );
    });
    outgoing.end(body);
  });
}

async function collect(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      // Leaving the loop destroys the connection.
      if (length > MAX_ANSWER_BYTES) throw new TooLong('The answer is too long.');
    }
    const all = Buffer.from(secretBytes(length).buffer);
    let at = 0;
    for (const chunk of chunks) at += chunk.copy(all, at);
    return all;
  } finally {
    for (const chunk of chunks) chunk.fill(0);
  }
}
