import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface Got {
  readonly status: number;
  readonly body: string;
}

/** One request over a connection of its own. Rejects with the system's error, as an SDK would get it. */
export function ask(url: string, body = 'question'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent: false });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      buffer(incoming).then(
        (bytes) => resolve({ status: incoming.statusCode ?? 0, body: bytes.toString() }),
        reject,
      );
    });
    outgoing.end(body);
  });
}

export async function errorCode(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code,
  );
}
