// A company's KMS, as small as one can be: named keys with versions, AES-256-GCM, a bearer token.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export const TOKEN = 'token-of-the-example-0123456789abcdef';

interface Key {
  readonly versions: Buffer[];
  enabled: boolean;
}

export class CorpKms implements AsyncDisposable {
  readonly #keys = new Map<string, Key>();
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.writeHead(500).end());
  });

  /** Its address. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  make(name: string, enabled = true): void {
    this.#keys.set(name, { versions: [randomBytes(32)], enabled });
  }

  rotate(name: string): void {
    this.#keys.get(name)!.versions.push(randomBytes(32));
  }

  /** What never leaves it. */
  secretsOf(name: string): readonly Uint8Array[] {
    return this.#keys.get(name)!.versions;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, , name = '', call, version] = (request.url ?? '').split('/');
    const body = await buffer(request);
    // For the test of deadlines.
    if (name === 'hangs') return;
    const key = this.#keys.get(name);
    const end = (status: number, answer?: Buffer, of = key?.versions.length) =>
      response.writeHead(status, { 'x-key-version': `${of}` }).end(answer);
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return void end(403);
    if (!key) return void end(404);
    if (!key.enabled) return void end(409);
    const bound = Buffer.from(String(request.headers['x-bound'] ?? ''), 'base64url');
    if (call === undefined) return void end(200);
    if (call === 'rotate') {
      this.rotate(name);
      return void end(200);
    }
    if (call === 'wrap') return void end(200, wrap(key.versions.at(-1)!, bound, body));
    const secret = key.versions[Number(version) - 1];
    const opened = call === 'unwrap' && secret && unwrap(secret, bound, body);
    end(opened ? 200 : 422, opened || undefined);
  }
}

function wrap(secret: Buffer, bound: Buffer, dataKey: Buffer): Buffer {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secret, iv).setAAD(bound);
  return Buffer.concat([iv, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
}

function unwrap(secret: Buffer, bound: Buffer, wrapped: Buffer): Buffer | undefined {
  try {
    const cipher = createDecipheriv('aes-256-gcm', secret, wrapped.subarray(0, 12), { authTagLength: 16 });
    cipher.setAAD(bound).setAuthTag(wrapped.subarray(-16));
    return Buffer.concat([cipher.update(wrapped.subarray(12, -16)), cipher.final()]);
  } catch {
    return undefined;
  }
}
