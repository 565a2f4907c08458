import { randomBytes } from 'node:crypto';
import { ClientSecretCredential } from '@azure/identity';
import { KeyClient } from '@azure/keyvault-keys';
import type { Signer } from '@weightseal/core';
import {
  type AzureKey,
  type AzureKeyOptions,
  createAzureKey,
  createAzureSigner,
} from '@weightseal/kms-azure';
import { loopback } from '../test/fake/loopback.js';

// azure-keyvault-emulator and its companion entra-emulator. Every *.vault.azure.net leads to the emulator's port, so that the ids it
// gives are the ones that were asked for, and the SDK's check of the challenge stays on. Their certificates come through
// NODE_EXTRA_CA_CERTS.

/** The public values of entra-emulator's seed. */
const DAEMON = { id: '00d88624-f0d7-46f6-a641-6232c2608928', secret: 'daemon-app-secret' };

export interface Emulator {
  /** Makes keys for the identity that may do everything. */
  mine(named: Named, port?: number, ca?: string): AzureKey;
  /** The same for one that may do nothing. */
  stranger(named: Named): AzureKey;
  /** Signers likewise. */
  signer(named: Named, port?: number): Signer;
  strangersSigner(named: Named): Signer;
  /** The official client of a vault, which comes to be with its first key. */
  vault(host: string): KeyClient;
  readonly port: number;
  readonly secrets: readonly Uint8Array[];
}

type Named = Pick<AzureKeyOptions, 'vaultUrl' | 'name' | 'deadlineMs'>;

export async function connect(address: string, issuer: string): Promise<Emulator> {
  const port = Number(new URL(address).port || 443);
  const { origin: authorityHost, pathname } = new URL(issuer);
  const [, tenant = ''] = pathname.split('/');
  const login = ({ id, secret }: typeof DAEMON) =>
    new ClientSecretCredential(tenant, id, secret, { authorityHost, disableInstanceDiscovery: true });
  const [owner, other] = [login(DAEMON), login(await newApp(authorityHost))];
  const { oid, sub } = claims((await owner.getToken('https://vault.azure.net/.default')).token);
  await post(`${address}/_emulator/permissions`, { [oid ?? sub]: ['*'] });
  const keysOf = (credential: ClientSecretCredential) => {
    return (named: Named, at: number = port, ca?: string) => {
      const { additionalPolicies } = loopback(at, ca);
      return createAzureKey({ ...named, credential, clientOptions: { additionalPolicies } });
    };
  };
  const signersOf = (credential: ClientSecretCredential) => {
    return (named: Named, at: number = port) => {
      const { additionalPolicies } = loopback(at);
      return createAzureSigner({ ...named, credential, clientOptions: { additionalPolicies } });
    };
  };
  return {
    signer: signersOf(owner),
    strangersSigner: signersOf(other),
    mine: keysOf(owner),
    stranger: keysOf(other),
    vault: (host) => new KeyClient(`https://${host}`, owner, { ...loopback(port) }),
    port,
    secrets: [Buffer.from(DAEMON.secret)],
  };
}

export function newHost(): string {
  return `w${randomBytes(8).toString('hex')}.vault.azure.net`;
}

async function newApp(authorityHost: string): Promise<typeof DAEMON> {
  const apps = `${authorityHost}/admin/api/apps`;
  const { id } = await post<{ id: string }>(apps, { displayName: 'stranger', isConfidential: true });
  const { secretText } = await post<{ secretText: string }>(`${apps}/${id}/secrets`, {});
  return { id, secret: secretText };
}

async function post<T>(url: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} gave ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

function claims(token: string): { oid?: string; sub: string } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as ReturnType<
    typeof claims
  >;
}
