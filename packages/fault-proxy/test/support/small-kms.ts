import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** What the service answers: bytes in base64, the key that made them, and their SHA-256. */
export interface SmallAnswer {
  readonly key: string;
  readonly bytes: string;
  readonly sum: string;
}

export interface SmallKms extends AsyncDisposable {
  readonly url: string;
}

export function answerFor(key: string, bytes: Uint8Array): SmallAnswer {
  const sum = createHash('sha256').update(bytes).digest('hex');
  return { key, bytes: Buffer.from(bytes).toString('base64'), sum };
}

/** A key service of one key and two methods, POST /wrap and /unwrap. */
export async function smallKms(): Promise<SmallKms> {
  const secret = randomBytes(32);
  const server = createServer(async (request, response) => {
    const { bytes } = (await json(request)) as { bytes: string };
    const input = Buffer.from(bytes, 'base64');
    try {
      const output = request.url === '/wrap' ? wrap(secret, input) : unwrap(secret, input);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answerFor('k1', output)));
    } catch {
      response.writeHead(400).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function wrap(secret: Uint8Array, plain: Uint8Array): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secret, nonce);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function unwrap(secret: Uint8Array, wrapped: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', secret, wrapped.subarray(0, 12));
  decipher.setAuthTag(wrapped.subarray(44));
  return Buffer.concat([decipher.update(wrapped.subarray(12, 44)), decipher.final()]);
}
