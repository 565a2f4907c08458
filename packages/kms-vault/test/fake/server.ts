import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { FakeKey, Refused } from './key.js';

const KNOWN = {
  encrypt: ['plaintext', 'associated_data', 'context', 'type'],
  decrypt: ['ciphertext', 'associated_data', 'context'],
  rotate: [],
  config: ['auto_rotate_period'],
} as const;

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The client's, which tells connections apart. */
  readonly port: number | undefined;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

const errors = (status: number, ...said: readonly string[]): Answer => ({ status, body: { errors: said } });
const denied = errors(403, '1 error occurred:\n\t* permission denied\n\n');

/**
 * A Transit engine on 127.0.0.1 that takes only what Vault's API knows, and answers in the words of Vault 1.21 and OpenBao 2.7. The
 * emulator tests run the same contract on the real server.
 */
export class FakeVault implements AsyncDisposable {
  /** Every request, in the order of arrival. */
  readonly requests: Request[] = [];
  /** By namespace and mount: `transit`, `team/transit`. */
  readonly mounts: Map<string, Map<string, FakeKey>> = new Map([['transit', new Map()]]);
  /** What a token may do: `<capability> <path>`, with `*` for all. */
  readonly tokens: Map<string, readonly string[]> = new Map();
  sealed = false;
  /** Servers before Vault 1.12 answer a change with 204 and nothing. */
  answersChanges = true;
  readonly #server: ReturnType<typeof createServer>;
  readonly #scheme: string;

  private constructor(tls: ServerOptions | undefined) {
    const listener: RequestListener = (incoming, response) => {
      this.#serve(incoming, response).catch((error: unknown) => {
        response.writeHead(500).end(JSON.stringify({ errors: [String(error)] }));
      });
    };
    this.#server = tls ? createTlsServer(tls, listener) : createServer(listener);
    this.#scheme = tls ? 'https' : 'http';
  }

  static async start(tls?: ServerOptions): Promise<FakeVault> {
    const fake = new FakeVault(tls);
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get address(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  create(name: string, settings: ConstructorParameters<typeof FakeKey>[1] = {}, mount = 'transit'): FakeKey {
    const key = new FakeKey(name, settings);
    const keys = this.mounts.get(mount) ?? new Map<string, FakeKey>();
    this.mounts.set(mount, keys.set(name, key));
    return key;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = incoming;
    const port = incoming.socket.remotePort;
    const request = { method, path, headers, body: await text(incoming), port };
    this.requests.push(request);
    const { status, body } = this.#answer(request);
    response.setHeader('content-type', 'application/json');
    // So that whoever asks does not ask again.
    if (this.sealed) response.setHeader('retry-after', '3600');
    response.writeHead(status);
    response.end(body === undefined ? '' : JSON.stringify(body));
  }

  #answer({ method, path, headers, body }: Request): Answer {
    if (headers['x-vault-request'] !== 'true') return errors(412, 'missing X-Vault-Request');
    if (this.sealed) return errors(503, 'Vault is sealed');
    const allowed = this.tokens.get(String(headers['x-vault-token'] ?? ''));
    if (!allowed) return errors(403, 'permission denied');
    const [, mount = '', rest = ''] = /^\/v1\/(.+)\/((?:encrypt|decrypt|keys)\/.+)$/.exec(path) ?? [];
    const may = (capability: string) =>
      allowed.includes('*') || allowed.includes(`${capability} ${mount}/${rest}`);
    const namespace = headers['x-vault-namespace'];
    const keys = this.mounts.get(namespace === undefined ? mount : `${namespace}/${mount}`);
    const [, kind = '', name = '', change] =
      /^(encrypt|decrypt|keys)\/([\w.-]+)(?:\/(rotate|config))?$/.exec(rest) ?? [];
    const key = keys?.get(name);
    const creates = kind === 'encrypt' && keys !== undefined && !key;
    if (!may(method === 'GET' ? 'read' : creates ? 'create' : 'update')) return denied;
    if (!keys) return errors(404, `no handler for route "${mount}/${rest}". route entry not found.`);
    if (kind === 'keys' && change === undefined) {
      return key ? answer(key.describe()) : errors(404);
    }
    if (method !== 'POST') return errors(405, '1 error occurred:\n\t* unsupported operation\n\n');
    const parameters = JSON.parse(body) as Record<string, string>;
    const known: readonly string[] = KNOWN[(change ?? kind) as keyof typeof KNOWN];
    const strange = Object.keys(parameters).filter((one) => !known.includes(one));
    if (strange.length > 0) return errors(500, `the provider sent ${strange.join(', ')}`);
    try {
      if (change === 'rotate') return this.#rotate(key);
      if (change === 'config') return this.#configure(key, name, parameters);
      return kind === 'encrypt' ? encrypt(keys, key, name, parameters) : decrypt(key, parameters);
    } catch (error) {
      if (error instanceof Refused) return errors(400, error.message);
      throw error;
    }
  }

  #rotate(key: FakeKey | undefined): Answer {
    if (!key) return errors(400, 'key not found');
    if (key.softDeleted) return errors(500, '1 error occurred:\n\t* refusing to use soft-deleted key\n\n');
    key.rotate();
    return this.answersChanges ? answer(key.describe()) : { status: 204 };
  }

  #configure(key: FakeKey | undefined, name: string, parameters: Record<string, string>): Answer {
    if (!key) return errors(400, `no existing key named ${name} could be found`);
    const [, hours] = /^(\d+)h$/.exec(parameters['auto_rotate_period'] ?? '') ?? [];
    key.autoRotateSeconds = Number(hours ?? 0) * 3600;
    return this.answersChanges ? answer(key.describe()) : { status: 204 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function answer(data: object): Answer {
  const none = { wrap_info: null, warnings: null, auth: null };
  return { status: 200, body: { request_id: 'f81d4fae', lease_id: '', renewable: false, data, ...none } };
}

function encrypt(
  keys: Map<string, FakeKey>,
  found: FakeKey | undefined,
  name: string,
  { plaintext = '', associated_data, context, type = 'aes256-gcm96' }: Record<string, string>,
): Answer {
  checkBase64(plaintext, associated_data, context);
  // What Vault does with a name that it does not know.
  if (!found && type !== 'aes256-gcm96') return errors(400, `unknown key type ${type}`);
  const key = found ?? new FakeKey(name, { derived: context !== undefined });
  keys.set(name, key);
  const ciphertext = key.encrypt(Buffer.from(plaintext, 'base64'), associated_data, context);
  return answer({ ciphertext, key_version: key.versions.length });
}

function decrypt(
  key: FakeKey | undefined,
  { ciphertext = '', associated_data, context }: Record<string, string>,
): Answer {
  checkBase64(associated_data, context);
  if (!key) return errors(400, 'encryption key not found');
  return answer({ plaintext: key.decrypt(ciphertext, associated_data, context).toString('base64') });
}

function checkBase64(...texts: readonly (string | undefined)[]): void {
  for (const one of texts) {
    if (one === undefined || Buffer.from(one, 'base64').toString('base64') === one) continue;
    throw new Refused('illegal base64 data at input byte 0');
  }
}
