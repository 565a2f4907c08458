import type { KeyWrapper, Signer } from '@weightseal/core';
import type { OurProvider } from './load-factory.js';

/** The options of every provider's `…KeyFromUri`, as far as this package gives them. */
export interface ProviderOptions {
  readonly deadlineMs?: number;
  readonly allowKeyOfOthers?: boolean;
  readonly allowWeakPassphrase?: boolean;
  readonly formerUris?: readonly string[];
  readonly prompt?: (signal: AbortSignal) => Promise<Uint8Array>;
}

export type KeyFactory = (uri: string, options: ProviderOptions) => KeyWrapper | Promise<KeyWrapper>;

export type KeyScheme = 'local' | 'passphrase' | 'aws-kms' | 'gcp-kms' | 'azure-kv' | 'pkcs11' | 'vault';

/** Which package the keys of a URI scheme come from. The one place that knows providers by name. */
export const PROVIDERS: Readonly<Record<KeyScheme, OurProvider<KeyFactory>>> = {
  local: {
    package: '@weightseal/kms-local',
    load: async () => (await import('@weightseal/kms-local')).localKeyFromUri,
  },
  passphrase: {
    package: '@weightseal/kms-local',
    load: async () => (await import('@weightseal/kms-local')).passphraseKeyFromUri,
  },
  'aws-kms': {
    package: '@weightseal/kms-aws',
    load: async () => (await import('@weightseal/kms-aws')).awsKeyFromUri,
  },
  'gcp-kms': {
    package: '@weightseal/kms-gcp',
    load: async () => (await import('@weightseal/kms-gcp')).gcpKeyFromUri,
  },
  'azure-kv': {
    package: '@weightseal/kms-azure',
    load: async () => (await import('@weightseal/kms-azure')).azureKeyFromUri,
  },
  pkcs11: {
    package: '@weightseal/kms-pkcs11',
    load: async () => (await import('@weightseal/kms-pkcs11')).pkcs11KeyFromUri,
  },
  vault: {
    package: '@weightseal/kms-vault',
    load: async () => (await import('@weightseal/kms-vault')).vaultKeyFromUri,
  },
};

/** The options of every provider's `…SignerFromUri`, as far as this package gives them. */
export interface SignerProviderOptions {
  readonly deadlineMs?: number;
  readonly allowKeyOfOthers?: boolean;
  readonly passphraseFile?: string;
  readonly prompt?: (signal: AbortSignal) => Promise<Uint8Array>;
}

export type SignerFactory = (uri: string, options: SignerProviderOptions) => Signer | Promise<Signer>;

export type SignerScheme = 'pem' | Exclude<KeyScheme, 'local' | 'passphrase'>;

/** The same for keys that sign. */
export const SIGNERS: Readonly<Record<SignerScheme, OurProvider<SignerFactory>>> = {
  pem: {
    package: '@weightseal/kms-local',
    load: async () => (await import('@weightseal/kms-local')).pemSignerFromUri,
  },
  'aws-kms': {
    package: '@weightseal/kms-aws',
    load: async () => (await import('@weightseal/kms-aws')).awsSignerFromUri,
  },
  'gcp-kms': {
    package: '@weightseal/kms-gcp',
    load: async () => (await import('@weightseal/kms-gcp')).gcpSignerFromUri,
  },
  'azure-kv': {
    package: '@weightseal/kms-azure',
    load: async () => (await import('@weightseal/kms-azure')).azureSignerFromUri,
  },
  pkcs11: {
    package: '@weightseal/kms-pkcs11',
    load: async () => (await import('@weightseal/kms-pkcs11')).pkcs11SignerFromUri,
  },
  vault: {
    package: '@weightseal/kms-vault',
    load: async () => (await import('@weightseal/kms-vault')).vaultSignerFromUri,
  },
};

/** Of what `providers` says of keys: what says nothing of signers. */
export const NOT_OF_SIGNERS: Readonly<Partial<Record<SignerScheme, readonly string[]>>> = {
  'azure-kv': ['algorithm', 'formerUris'],
  vault: ['formerUris'],
};

/** The schemes of all URIs of signers. */
export const SIGNER_SCHEMES: readonly SignerScheme[] = Object.keys(SIGNERS) as SignerScheme[];

/** The schemes of all key URIs. */
export const KEY_SCHEMES: readonly KeyScheme[] = Object.keys(PROVIDERS) as KeyScheme[];

/** Of these a key's URI names a host, under which another may have known it: `formerUris`. */
export const SCHEMES_BY_HOST: readonly KeyScheme[] = ['azure-kv', 'vault'];

/** What no other provider may have. */
export const OUR_SCHEMES: readonly string[] = [...new Set<string>([...KEY_SCHEMES, ...SIGNER_SCHEMES])];
