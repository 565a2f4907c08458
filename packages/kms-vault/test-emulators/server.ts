import { randomBytes } from 'node:crypto';
import type { Signer } from '@weightseal/core';
import {
  createVaultKey,
  createVaultSigner,
  type VaultKey,
  type VaultKeyOptions,
  type VaultSignerOptions,
} from '@weightseal/kms-vault';

/** A Vault or OpenBao server in dev mode, and a token that may do everything. */
export class Server {
  readonly address: string;
  readonly token: string;
  readonly mount: string = `t${randomBytes(6).toString('hex')}`;
  /** Its name and version. */
  product = '';
  /** OpenBao can soft-delete keys, and has one more cipher. */
  isOpenBao = false;

  private constructor(address: string, token: string) {
    this.address = address.replace(/\/$/, '');
    this.token = token;
  }

  /** Mounts a Transit engine of its own, so that runs do not get into each other's way. */
  static async connect(address: string, token: string): Promise<Server> {
    const server = new Server(address, token);
    await server.call('POST', `sys/mounts/${server.mount}`, { type: 'transit' });
    const { version } = await server.call<{ version: string }>('GET', 'sys/health');
    const paths = JSON.stringify(await server.call('GET', 'sys/internal/specs/openapi'));
    server.isOpenBao = paths.includes('soft-delete');
    server.product = `${server.isOpenBao ? 'OpenBao' : 'Vault'} ${version}`;
    return server;
  }

  /** The body's `data`, or the body where it has none. */
  async call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${this.address}/v1/${path}`, {
      method,
      headers: { 'x-vault-token': this.token, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} gave ${response.status}: ${text}`);
    const answer = (text === '' ? {} : JSON.parse(text)) as { data?: T };
    return (answer.data ?? answer) as T;
  }

  /** Makes a key, and gives its name. */
  async newKey(settings: object = {}): Promise<string> {
    const name = `k${randomBytes(6).toString('hex')}`;
    await this.call('POST', `${this.mount}/keys/${name}`, settings);
    return name;
  }

  /** A token with this policy, in HCL. */
  async newToken(policy: string): Promise<string> {
    const name = `p${randomBytes(6).toString('hex')}`;
    await this.call('POST', `sys/policies/acl/${name}`, { policy });
    const response = await fetch(`${this.address}/v1/auth/token/create`, {
      method: 'POST',
      headers: { 'x-vault-token': this.token },
      body: JSON.stringify({ policies: [name], no_default_policy: true, ttl: '1h' }),
    });
    const { auth } = (await response.json()) as { auth: { client_token: string } };
    return auth.client_token;
  }

  key(name: string, options: Partial<VaultKeyOptions> = {}): VaultKey {
    return createVaultKey({
      address: this.address,
      mount: this.mount,
      name,
      token: this.token,
      ...options,
    });
  }

  signer(name: string, options: Partial<VaultSignerOptions> = {}): Signer {
    return createVaultSigner({
      address: this.address,
      mount: this.mount,
      name,
      token: this.token,
      ...options,
    });
  }
}
