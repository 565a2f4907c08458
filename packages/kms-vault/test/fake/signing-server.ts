import { constants, generateKeyPairSync, type KeyObject, privateEncrypt } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** What stands before a digest of SHA-256: RFC 8017 §9.2, note 1. */
const SHA_256 = Buffer.from('3031300d060960864801650304020105000420', 'hex');

interface Version {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

interface Asked {
  readonly path: string;
  readonly body: unknown;
}

/** A Transit engine on 127.0.0.1 with RSA keys, in the words of OpenBao 2.7, on which the emulator tests run the same. */
export class SigningServer implements AsyncDisposable {
  readonly asked: Asked[] = [];
  /** By name. */
  readonly keys: Map<string, Version[]> = new Map();
  /** What is answered instead, by what stands before the name of the key in the path. */
  readonly instead: Map<string, object> = new Map();
  readonly token: string;
  readonly #server = createServer(async (request, response) => {
    const path = request.url!.replace('/v1/transit/', '');
    const body = request.method === 'POST' ? await json(request) : undefined;
    this.asked.push({ path, body });
    const [status, data] = this.#answer(path, body, String(request.headers['x-vault-token']));
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(status === 200 ? { request_id: 'x', data } : { errors: [data] }));
  });

  private constructor(token: string) {
    this.token = token;
  }

  static async start(token: string): Promise<SigningServer> {
    const server = new SigningServer(token);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  rotate(name: string): void {
    const versions = this.keys.get(name) ?? [];
    this.keys.set(name, [...versions, generateKeyPairSync('rsa', { modulusLength: 2048 })]);
  }

  #answer(path: string, body: unknown, token: string): readonly [number, unknown] {
    if (token !== this.token) return [403, '1 error occurred:\n\t* permission denied\n\n'];
    const [operation = '', name = ''] = path.split('/');
    const instead = this.instead.get(operation);
    if (instead) return [200, instead];
    const versions = this.keys.get(name);
    if (name === 'symmetric') return [200, { name, type: 'aes256-gcm96', latest_version: 1, keys: { 1: 1 } }];
    if (!versions)
      return [operation === 'keys' ? 404 : 400, operation === 'keys' ? '' : 'signing key not found'];
    if (operation === 'keys') return [200, description(name, versions)];
    if (name === 'deleted') return [400, 'refusing to use soft-deleted key'];
    const { input, key_version: number } = body as { input: string; key_version: number };
    const { privateKey: key } = versions[number - 1]!;
    const info = Buffer.concat([SHA_256, Buffer.from(input, 'base64')]);
    const signature = privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, info);
    return [200, { signature: `vault:v${number}:${signature.toString('base64')}`, key_version: number }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function description(name: string, versions: readonly Version[]): object {
  const keys = versions.map(({ publicKey }, i) => {
    const pem = publicKey.export({ format: 'pem', type: 'spki' });
    return [i + 1, { name: 'rsa-2048', public_key: pem, creation_time: '2026-01-01T00:00:00Z' }] as const;
  });
  const latest = versions.length;
  return {
    name,
    type: 'rsa-2048',
    latest_version: latest,
    keys: Object.fromEntries(keys),
    supports_signing: true,
  };
}
