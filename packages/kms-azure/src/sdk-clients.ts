import type { TokenCredential } from '@azure/identity';
import type { CryptographyClient, KeyClient, KeyClientOptions, KeyVaultKey } from '@azure/keyvault-keys';
import { loadError } from '@weightseal/core';
import { boundedAnswers } from './bounded-answers.js';
import { boundedWaits } from './bounded-waits.js';
import { sharedTokens } from './shared-tokens.js';
import type { KeyName } from './uri.js';

/** The official clients, for callers who make them themselves. */
export interface AzureClients {
  /** For the vault of the key. */
  readonly keys: KeyClient;
  /** Makes the client of one version, for example `(key) => new CryptographyClient(key, credential)`. */
  readonly cryptography: (key: KeyVaultKey) => CryptographyClient;
}

export interface SdkOptions {
  /** Who asks; `DefaultAzureCredential` of @azure/identity unless told. */
  readonly credential?: TokenCredential | undefined;
  /** Passed on to the clients of @azure/keyvault-keys. */
  readonly clientOptions?: KeyClientOptions | undefined;
}

/** Three more attempts within three seconds: the deadline is 10 s, and the SDK's own delays grow to 64 s. */
const RETRIES = { maxRetries: 3, retryDelayInMs: 400, maxRetryDelayInMs: 2_000 } as const;

/** Loads the SDK, which takes about 160 ms, when it is first needed. */
export async function sdkClients(
  key: KeyName,
  options: SdkOptions,
  deadlineMs: number,
): Promise<AzureClients> {
  const { CryptographyClient, KeyClient } = await import('@azure/keyvault-keys').catch(
    notLoaded('@azure/keyvault-keys'),
  );
  const credential = sharedTokens(options.credential ?? (await defaultCredential()));
  const { clientOptions = {} } = options;
  const retryOptions = { ...RETRIES, ...clientOptions.retryOptions };
  // Made anew for each client, because the SDK writes into it.
  const settings = (): KeyClientOptions => ({
    redirectOptions: { maxRetries: 0 },
    ...clientOptions,
    retryOptions,
    additionalPolicies: [
      ...(clientOptions.additionalPolicies ?? []),
      { policy: boundedAnswers, position: 'perRetry' },
      { policy: boundedWaits(deadlineMs, retryOptions.retryDelayInMs), position: 'perRetry' },
    ],
  });
  return {
    keys: new KeyClient(key.vaultUrl, credential, settings()),
    cryptography: (version) => new CryptographyClient(version, credential, settings()),
  };
}

async function defaultCredential(): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import('@azure/identity').catch(notLoaded('@azure/identity'));
  return new DefaultAzureCredential();
}

function notLoaded(name: string): (cause: unknown) => never {
  return (cause) => {
    throw loadError(cause, name) ?? cause;
  };
}

/** With no more than its name the SDK takes a key as known: it does not GET it, and leaves every check to the service. */
export function namedVersion(
  { vaultUrl, name }: KeyName,
  version: string,
): { name: string; id: string; properties: { vaultUrl: string; name: string; version: string } } {
  return { name, id: `${vaultUrl}/keys/${name}/${version}`, properties: { vaultUrl, name, version } };
}

/** Runs once; again only where it failed. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () =>
    (running ??= work().catch((error) => {
      running = undefined;
      throw error;
    }));
}
