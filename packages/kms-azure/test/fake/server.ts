import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { type Certificate, selfSigned } from './certificate.js';
import { Entra, LOGIN_HOST, TENANT } from './entra.js';
import type { Request } from './material.js';
import { type Policy, ServiceError, Vault } from './vault.js';

/** Vaults, Managed HSMs and the token endpoint on one port of this machine, told apart by the Host header. */
export class FakeAzure implements AsyncDisposable {
  readonly entra: Entra = new Entra();
  readonly certificate: Certificate = selfSigned([
    LOGIN_HOST,
    '*.vault.azure.net',
    '*.managedhsm.azure.net',
    'localhost',
  ]);
  /** `METHOD host path`, in the order in which they came. */
  readonly requests: string[] = [];
  readonly #vaults = new Map<string, Vault>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(this.certificate, (request, response) => void this.#serve(request, response));
  }

  static async start(): Promise<FakeAzure> {
    const fake = new FakeAzure();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  vault(host: string): Vault {
    const vault = new Vault(host);
    this.#vaults.set(host, vault);
    return vault;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const host = request.headers.host?.replace(/:\d+$/, '') ?? '';
    const url = new URL(request.url ?? '/', `https://${host}`);
    this.requests.push(`${request.method} ${host} ${url.pathname}`);
    if (host.startsWith('slow.')) return;
    const send = (status: number, body: object, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
      response.end(JSON.stringify(body));
    };
    if (host === LOGIN_HOST) {
      send(...this.entra.answer(url.pathname, new URLSearchParams(await text(request))));
      return;
    }
    const domain = host.slice(host.indexOf('.') + 1);
    const challenge = `Bearer authorization="https://${LOGIN_HOST}/${TENANT}", resource="https://${domain}"`;
    try {
      send(200, await this.#answer(request, url, `https://${domain}`));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const { status, code, message, inner } = error;
      const innererror = inner === undefined ? undefined : { code: inner };
      const headers = { 'x-ms-request-id': crypto.randomUUID() };
      const asks = status === 401 ? { 'www-authenticate': challenge } : {};
      send(status, { error: { code, message, innererror } }, { ...headers, ...asks });
    }
  }

  async #answer(request: IncomingMessage, url: URL, audience: string): Promise<object> {
    const vault = this.#vaults.get(url.hostname);
    if (vault === undefined) throw new ServiceError(404, 'NotFound', 'No such vault.');
    const [, collection, name = '', third, fourth] = url.pathname.split('/');
    // .../keys/x/rotate has no version; .../keys/x//wrapkey has an empty one.
    const [version, action] =
      third === 'rotate' || third === 'rotationpolicy' ? ['', third] : [third, fourth];
    const may = this.#authenticate(request, audience);
    const operation = operationOf(request.method ?? '', action);
    if (!may.includes(operation)) throw denied(operation, vault.host);
    if (!/^(?:7\.\d|20\d\d-\d\d-\d\d)$/.test(url.searchParams.get('api-version') ?? '')) {
      throw new ServiceError(400, 'BadParameter', 'api-version must be specified.');
    }
    if (collection === 'deletedkeys') return deletedKey(vault, name);
    if (action === undefined) return vault.bundle(name, vault.version(name, version));
    if (action === 'rotate') return vault.bundle(name, vault.rotate(name));
    if (action === 'rotationpolicy') return policy(vault, name, request);
    return vault.use(name, version, action, await parameters(request));
  }

  #authenticate({ headers }: IncomingMessage, audience: string): readonly string[] {
    const { authorization = '' } = headers;
    if (authorization === '' && Number(headers['content-length'] ?? 0) > 0) {
      throw new ServiceError(400, 'BadParameter', 'A body came without a token.');
    }
    const token = this.entra.tokens.get(authorization.replace('Bearer ', ''));
    if (token?.audience === audience) return token.identity.may;
    throw new ServiceError(401, 'Unauthorized', 'AKV10000: Request is missing a Bearer or PoP token.');
  }
}

function operationOf(method: string, action: string | undefined): string {
  if (action === 'rotationpolicy') return method === 'GET' ? 'getrotationpolicy' : 'setrotationpolicy';
  return action ?? 'get';
}

function denied(operation: string, host: string): ServiceError {
  const message = `Caller is not authorized to perform action on resource.\r\nAction: '${operation}'\r\nVault: ${host}`;
  return new ServiceError(403, 'Forbidden', message, 'ForbiddenByRbac');
}

function deletedKey(vault: Vault, name: string): object {
  const key = vault.keys.get(name);
  if (!key?.deleted) throw new ServiceError(404, 'KeyNotFound', `Deleted Key not found: ${name}`);
  return {
    ...vault.bundle(name, key.versions.at(-1)!),
    recoveryId: `https://${vault.host}/deletedkeys/${name}`,
  };
}

async function policy(vault: Vault, name: string, request: IncomingMessage): Promise<object> {
  const key = vault.key(name);
  if (request.method === 'PUT') {
    const wanted = (await json(request)) as Policy;
    const times = wanted.lifetimeActions?.map(
      ({ trigger }) => trigger.timeAfterCreate ?? trigger.timeBeforeExpiry ?? '',
    );
    if (times?.some((time) => /^P[0-6]D$/.test(time)))
      throw new ServiceError(400, 'BadParameter', 'Below seven days.');
    key.policy = wanted;
  }
  return { id: `https://${vault.host}/keys/${name}/rotationpolicy`, ...key.policy };
}

async function parameters(request: IncomingMessage): Promise<Request> {
  if (request.headers['content-type'] !== 'application/json') {
    throw new ServiceError(415, 'UnsupportedMediaType', 'Send application/json.');
  }
  const body = (await json(request)) as Record<string, string | undefined>;
  const bytes = (name: string) =>
    body[name] === undefined ? undefined : Buffer.from(body[name], 'base64url');
  const value = bytes('value');
  if (body['alg'] === undefined || value === undefined) {
    throw new ServiceError(400, 'BadParameter', 'The request must have alg and value.');
  }
  return { alg: body['alg'], value, iv: bytes('iv'), aad: bytes('aad'), tag: bytes('tag') };
}
