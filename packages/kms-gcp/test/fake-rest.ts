import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { FakeError } from './fake-error.js';
import type { FakeKms, Fields, Method } from './fake-kms.js';

// google.api.http of each method, in service.proto.
const KEY = 'projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/:]+';
const routes: readonly (readonly [string, RegExp, Method, 'name' | 'parent' | 'cryptoKey'])[] = [
  ['POST', new RegExp(`^/v1/(${KEY}(?:/cryptoKeyVersions/\\d+)?):encrypt$`), 'Encrypt', 'name'],
  ['POST', new RegExp(`^/v1/(${KEY}):decrypt$`), 'Decrypt', 'name'],
  ['GET', new RegExp(`^/v1/(${KEY}/cryptoKeyVersions/\\d+)/publicKey$`), 'GetPublicKey', 'name'],
  ['POST', new RegExp(`^/v1/(${KEY}/cryptoKeyVersions/\\d+):asymmetricSign$`), 'AsymmetricSign', 'name'],
  ['GET', new RegExp(`^/v1/(${KEY})$`), 'GetCryptoKey', 'name'],
  ['GET', new RegExp(`^/v1/(${KEY}/cryptoKeyVersions/\\d+)$`), 'GetCryptoKeyVersion', 'name'],
  ['POST', new RegExp(`^/v1/(${KEY})/cryptoKeyVersions$`), 'CreateCryptoKeyVersion', 'parent'],
  ['POST', new RegExp(`^/v1/(${KEY}):updatePrimaryVersion$`), 'UpdateCryptoKeyPrimaryVersion', 'name'],
  ['PATCH', new RegExp(`^/v1/(${KEY})$`), 'UpdateCryptoKey', 'cryptoKey'],
];
const BYTES = ['plaintext', 'ciphertext', 'additionalAuthenticatedData', 'sha256', 'signature'];
const ENUMS: Readonly<Record<string, readonly string[]>> = {
  state: ['', 'ENABLED', 'DISABLED', 'DESTROYED', 'DESTROY_SCHEDULED', 'PENDING_GENERATION'],
  protectionLevel: ['', 'SOFTWARE', 'HSM'],
  algorithm: ['', 'GOOGLE_SYMMETRIC_ENCRYPTION', '', '', '', 'RSA_SIGN_PKCS1_2048_SHA256'],
  purpose: ['', 'ENCRYPT_DECRYPT', '', '', '', 'ASYMMETRIC_SIGN'],
};

/** The fake on JSON over HTTP/1.1, by the JSON mapping of proto3. It takes requests with the token only. */
export class RestServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #token: string;
  arrived = 0;
  /** Requests whose client went away before there was an answer. */
  abandoned = 0;
  /** Answers nothing from now on. */
  silent = false;

  private constructor(kms: FakeKms, token: string) {
    this.#token = token;
    this.#server = createServer((request, response) => {
      this.arrived++;
      if (this.silent) {
        response.on('close', () => this.abandoned++);
        return;
      }
      this.#handle(kms, request, response).catch((error: unknown) => {
        if (!(error instanceof FakeError)) throw error;
        send(response, error.httpCode, errorBody(error));
      });
    });
  }

  static async start(kms: FakeKms, token: string): Promise<RestServer> {
    const server = new RestServer(kms, token);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #handle(kms: FakeKms, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const body = request.method === 'GET' ? {} : ((await json(request)) as Fields);
    if (request.headers.authorization !== `Bearer ${this.#token}`)
      throw new FakeError(
        'UNAUTHENTICATED',
        'Request had invalid authentication credentials.',
        'ACCESS_TOKEN_EXPIRED',
      );
    for (const [verb, path, method, field] of routes) {
      const [, name] = path.exec(decodeURIComponent(pathname)) ?? [];
      if (name === undefined || verb !== request.method) continue;
      const mask = searchParams.get('updateMask')?.split(',').map(snake);
      const message =
        field === 'cryptoKey'
          ? { cryptoKey: { ...parse(body), name }, updateMask: { paths: mask } }
          : { ...parse(body), [field]: name };
      const numeric = (searchParams.get('$alt') ?? '').includes('enum-encoding=int');
      send(response, 200, print(kms.answer(method, message), numeric));
      return;
    }
    throw new FakeError('NOT_FOUND', 'Not found.');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
  response.end(JSON.stringify(body));
}

function errorBody({ httpCode, message, status, reason }: FakeError): object {
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason,
    domain: 'cloudkms.googleapis.com',
  };
  return { error: { code: httpCode, message, status, ...(reason !== undefined && { details: [info] }) } };
}

/** proto3 JSON to a message: base64 to bytes, a wrapper's bare string to `{ value }`, `86400s` and RFC 3339 to `{ seconds }`. */
function parse(body: Fields): Fields {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]): [string, unknown] => {
      if (BYTES.includes(name)) return [name, Buffer.from(String(value), 'base64')];
      if (name.endsWith('Crc32c')) return [name, { value: String(value) }];
      if (name === 'digest') return [name, parse(value as Fields)];
      if (name === 'rotationPeriod') return [name, { seconds: String(value).replace(/s$/, '') }];
      if (name.endsWith('Time')) return [name, { seconds: String(Date.parse(String(value)) / 1000) }];
      return [name, value];
    }),
  );
}

/** A message to proto3 JSON. Fields with their default value are left out, as the service does. */
function print(message: Fields, numeric: boolean): Fields {
  return Object.fromEntries(
    Object.entries(message).flatMap(([name, value]): [string, unknown][] => {
      if (value === null || value === undefined || value === false) return [];
      if (value instanceof Uint8Array) return [[name, Buffer.from(value).toString('base64')]];
      if (name.endsWith('Crc32c') && typeof value === 'object')
        return [[name, (value as { value: string }).value]];
      if (name === 'rotationPeriod') return [[name, `${(value as { seconds: string }).seconds}s`]];
      if (name.endsWith('Time')) {
        return [[name, new Date(Number((value as { seconds: string }).seconds) * 1000).toISOString()]];
      }
      if (numeric && ENUMS[name]) return [[name, Math.max(0, ENUMS[name].indexOf(String(value)))]];
      return [[name, typeof value === 'object' ? print(value as Fields, numeric) : value]];
    }),
  );
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
