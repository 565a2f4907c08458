import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv4 } from 'node:net';
import { Refusal } from './refusal.ts';

const BODY_LIMIT = 65_536;

export async function jsonIn(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_LIMIT) throw new Refusal(413, 'BODY_TOO_LARGE');
    chunks.push(chunk);
  }
  if (length === 0) return {};
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below, without what the parser quotes.
  }
  throw new Refusal(400, 'BODY_INVALID');
}

export function send(response: ServerResponse, status: number, value: object, last: boolean): void {
  // While the server stops, a connection that is kept would keep it.
  if (last || status === 413) response.setHeader('connection', 'close');
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(value)}\n`);
}

/** What changes the server is for this machine; and not for a page in a browser on it, which may post anywhere. */
export function isLocal({ socket, headers }: IncomingMessage): boolean {
  const address = socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  const loopback = isIPv4(address) ? address.startsWith('127.') : address === '::1';
  return loopback && headers.origin === undefined;
}
