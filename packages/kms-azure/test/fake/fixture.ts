import { ClientSecretCredential } from '@azure/identity';
import type { KeyClientOptions } from '@azure/keyvault-keys';
import type { Signer } from '@weightseal/core';
import {
  type AzureKey,
  type AzureKeyOptions,
  type AzureSignerOptions,
  createAzureKey,
  createAzureSigner,
} from '@weightseal/kms-azure';
import { type Identity, TENANT } from './entra.js';
import { loopback } from './loopback.js';
import type { FakeAzure } from './server.js';

export const OPERATIONS: readonly string[] = [
  ...['get', 'wrapkey', 'unwrapkey', 'encrypt', 'decrypt', 'sign'],
  ...['rotate', 'getrotationpolicy', 'setrotationpolicy'],
];

type Named = Pick<AzureKeyOptions, 'vaultUrl' | 'name'> & Partial<AzureKeyOptions>;

/** The official credential, asking the fake's token endpoint. */
export function credentialAt(
  fake: FakeAzure,
  identity: Identity,
  port: number = fake.port,
): ClientSecretCredential {
  const { additionalPolicies } = loopback(port, fake.certificate.cert);
  return new ClientSecretCredential(TENANT, identity.clientId, identity.clientSecret, { additionalPolicies });
}

/** Keys by the official SDK, whose connections go to the fake, or to what stands before it. */
export function keysAt(
  fake: FakeAzure,
  identity: Identity,
  port: number = fake.port,
  clientOptions: KeyClientOptions = {},
): (named: Named) => AzureKey {
  const { additionalPolicies } = loopback(port, fake.certificate.cert);
  const credential = credentialAt(fake, identity, port);
  return (named) =>
    createAzureKey({ credential, clientOptions: { ...clientOptions, additionalPolicies }, ...named });
}

/** Signers likewise. */
export function signersAt(
  fake: FakeAzure,
  identity: Identity,
  port: number = fake.port,
  clientOptions: KeyClientOptions = {},
): (named: Pick<AzureSignerOptions, 'vaultUrl' | 'name'> & Partial<AzureSignerOptions>) => Signer {
  const { additionalPolicies } = loopback(port, fake.certificate.cert);
  const credential = credentialAt(fake, identity, port);
  return (named) =>
    createAzureSigner({ credential, clientOptions: { ...clientOptions, additionalPolicies }, ...named });
}
