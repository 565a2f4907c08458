import type { TokenCredential } from '@azure/identity';
import type { StoragePipelineOptions } from '@azure/storage-blob';
import { isLoopback, type Kind, WeightsealError } from '@weightseal/core';

/** A secret, or what gets it anew for each request. */
export type Secret = string | (() => string | Promise<string>);

export interface ConnectionOptions {
  /** Who asks; `DefaultAzureCredential` of @azure/identity unless told. */
  readonly credential?: TokenCredential | undefined;
  /** Instead: the account's key, which can do everything. */
  readonly accountKey?: string | undefined;
  /** Instead: a shared access signature, `sv=…&sig=…`. */
  readonly sasToken?: Secret | undefined;
  /** Without any credentials, for containers that all may read. */
  readonly anonymous?: boolean | undefined;
  /**
   * Where the account is, `https://<account>.blob.core.windows.net` unless told: another cloud, a host of your own, or an emulator, which has the account in its path.
   * `http:` for this machine only.
   */
  readonly endpoint?: string | undefined;
  /** Passed on to the client of @azure/storage-blob: proxy, audience and the like. Retries are core's. */
  readonly clientOptions?: StoragePipelineOptions | undefined;
}

export const CONNECTION: Readonly<Record<keyof ConnectionOptions, Kind>> = {
  credential: 'object',
  accountKey: 'string',
  sasToken: 'string or function',
  anonymous: 'boolean',
  endpoint: 'string',
  clientOptions: 'object',
};

/** Who asks. */
export type Identity =
  | { readonly kind: 'token'; readonly credential: TokenCredential | undefined }
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'sas'; readonly sas: () => Promise<string> }
  | { readonly kind: 'anonymous' };

/**
 * The identity that the options give, or the variables of Azure's own command line, of which a key or a signature counts for the account only that AZURE_STORAGE_ACCOUNT
 * names: no URI in a file sends it elsewhere.
 *
 * @throws INVALID_ARGUMENT
 */
export function identityOf(account: string, options: ConnectionOptions): Identity {
  const { credential, accountKey, sasToken, anonymous } = options;
  const given = [credential, accountKey, sasToken, anonymous || undefined];
  if (given.filter((one) => one !== undefined).length > 1)
    throw invalid('give one of `credential`, `accountKey`, `sasToken` and `anonymous`');
  if (anonymous) return { kind: 'anonymous' };
  if (accountKey !== undefined) return ofKey(accountKey);
  if (sasToken !== undefined) return ofSas(sasToken);
  const { AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN } = process.env;
  if (credential === undefined && AZURE_STORAGE_ACCOUNT === account) {
    if (AZURE_STORAGE_KEY) return ofKey(AZURE_STORAGE_KEY);
    if (AZURE_STORAGE_SAS_TOKEN) return ofSas(AZURE_STORAGE_SAS_TOKEN);
  }
  return { kind: 'token', credential };
}

function ofKey(key: string): Identity {
  if (!/^[A-Za-z0-9+/]{20,}={0,2}$/.test(key)) throw invalid('`accountKey` must be base64');
  return { kind: 'key', key };
}

function ofSas(given: Secret): Identity {
  return {
    kind: 'sas',
    sas: async () => {
      const sas = (typeof given === 'function' ? await given() : given).replace(/^\?/, '').trim();
      // It becomes part of a URL, which it must neither end nor lead elsewhere.
      if (!/^[\w.~%&=+:/,-]+$/.test(sas) || !/(?:^|&)sig=/.test(sas))
        throw new WeightsealError(
          'STORE_DENIED',
          'The shared access signature is none: it is sv=…&sig=…, without a URL before it.',
        );
      return sas;
    },
  };
}

/** Without a slash at the end. @throws INVALID_ARGUMENT */
export function endpointOf(account: string, endpoint?: string): string {
  if (endpoint === undefined) return `https://${account}.blob.core.windows.net`;
  if (!URL.canParse(endpoint)) throw invalid('endpoint is https://<host>');
  const { origin, protocol, hostname, pathname, search, hash, username, password } = new URL(endpoint);
  if (search + hash + username + password !== '')
    throw invalid('endpoint is https://<host>, without credentials');
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname)))
    throw invalid('endpoint may be http: for this machine only (127.0.0.1, [::1], localhost)');
  return origin + pathname.replace(/\/+$/, '');
}

export function invalid(problem: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `A store of az: ${problem}.`);
}
