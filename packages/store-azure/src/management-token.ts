import type { AccessToken } from '@azure/identity';
import { checkOptions, isLoopback, WeightsealError } from '@weightseal/core';
import { defaultCredential } from './clients.js';
import { CONNECTION, type ConnectionOptions } from './connection.js';

/** A token that ends so soon is not used any more. */
const SPARE_MS = 120_000;

export interface ManagementOptions extends ConnectionOptions {
  /** `https://management.azure.com` unless told: another cloud's, or an emulator's. */
  readonly managementEndpoint?: string | undefined;
}

/** Who asks the Azure Resource Manager. */
export interface AzureTokens {
  /** Without a slash at the end. */
  readonly origin: string;
  /** An access token. Loads the library at the first call. @throws whatever the credential does */
  token(call: { readonly signal?: AbortSignal | undefined }): Promise<string>;
}

/**
 * Access tokens for the settings of a storage account, by the store's `credential`, or `DefaultAzureCredential`: `auditAzure` of `@weightseal/storage-audit` takes them. Keys of the account and shared access
 * signatures open no settings, so they are not used.
 *
 * @throws INVALID_ARGUMENT
 */
export function azureTokens(options: ManagementOptions = {}): AzureTokens {
  checkOptions(options, { ...CONNECTION, managementEndpoint: 'string' }, 'A store of az:');
  const { credential, managementEndpoint = 'https://management.azure.com' } = options;
  const origin = originOf(managementEndpoint);
  let known: AccessToken | undefined;
  return {
    origin,
    async token({ signal }) {
      if (known && known.expiresOnTimestamp - SPARE_MS > Date.now()) return known.token;
      const from = credential ?? (await defaultCredential());
      const got = await from.getToken(`${origin}/.default`, signal ? { abortSignal: signal } : {});
      if (!got)
        throw new WeightsealError(
          'STORE_DENIED',
          'The credential of Azure gave no token for the Resource Manager. Sign in (az login), or give this machine an identity.',
        );
      known = got;
      return got.token;
    },
  };
}

function originOf(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (url && isSafe && endpoint.replace(/\/$/, '') === url.origin) return url.origin;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    'A store of az: `managementEndpoint` is https://host[:port], and nothing more; http:// for this machine only, since tokens would cross the network in the clear.',
  );
}
