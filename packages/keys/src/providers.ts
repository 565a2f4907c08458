import type { KeyWrapper } from '@weightseal/core';
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

/** The schemes of all key URIs. */
export const KEY_SCHEMES: readonly KeyScheme[] = Object.keys(PROVIDERS) as KeyScheme[];

/** Of these a key's URI names a host, under which another may have known it: `formerUris`. */
export const SCHEMES_BY_HOST: readonly KeyScheme[] = ['azure-kv', 'vault'];
