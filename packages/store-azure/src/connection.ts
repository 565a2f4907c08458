import type { TokenCredential } from '@azure/identity';
import type { StoragePipelineOptions } from '@azure/storage-blob';
import { isLoopback, type Kind, WeightsealError } from '@weightseal/core';
import { denied, isSecret, secretOf } from './secrets.js';

/** A secret, or where it lies: it is looked for when it is used, and again later, so that it can be renewed. */
export type AzureSecret = string | { readonly env: string } | { readonly file: string };

export interface ConnectionOptions {
  /** Who asks; `DefaultAzureCredential` of @azure/identity unless told. */
  readonly credential?: TokenCredential | undefined;
  /** Instead: the account's key, which can do everything. */
  readonly accountKey?: AzureSecret | undefined;
  /** Instead: a shared access signature, `sv=…&sig=…`; or what gets it, asked for each request. */
  readonly sasToken?: AzureSecret | (() => string | Promise<string>) | undefined;
  /** Without any credentials, for containers that all may read. */
  readonly anonymous?: boolean | undefined;
  /** Where the account is, `https://<account>.blob.core.windows.net` unless told: another cloud, a host of your own, or an emulator, which has the account in its path. */
  readonly endpoint?: string | undefined;
  /** The proxy to go through; what HTTPS_PROXY and NO_PROXY say unless told. */
  readonly proxy?: string | undefined;
  /** Whether the endpoint may be `http:` on another machine, where signatures cross the network in the clear; the default is false. No token ever does. */
  readonly allowHttp?: boolean | undefined;
  /** Passed on to the client of @azure/storage-blob: audience, user agent. Retries are core's. */
  readonly clientOptions?: StoragePipelineOptions | undefined;
  /** Where relative paths count from; the working directory unless told. */
  readonly directory?: string | undefined;
}

export const CONNECTION: Readonly<Record<keyof ConnectionOptions, Kind>> = {
  credential: 'object',
  accountKey: 'any',
  sasToken: 'any',
  anonymous: 'boolean',
  endpoint: 'string',
  proxy: 'string',
  allowHttp: 'boolean',
  clientOptions: 'object',
  directory: 'string',
};

/** Who asks. A secret is got anew for each request. */
export type Identity =
  | { readonly kind: 'token'; readonly credential: TokenCredential | undefined }
  | { readonly kind: 'key' | 'sas'; readonly secret: (signal: AbortSignal) => Promise<string> }
  | { readonly kind: 'anonymous' };

/**
 * The identity that the options give, or the variables of Azure's own command line, of which a key or a signature counts for the account only that AZURE_STORAGE_ACCOUNT
 * names: no URI in a file sends it elsewhere.
 *
 * @throws INVALID_ARGUMENT
 */
export function identityOf(account: string, options: ConnectionOptions): Identity {
  const { credential, accountKey, sasToken, anonymous, directory } = options;
  const given = [credential, accountKey, sasToken, anonymous || undefined];
  if (given.filter((one) => one !== undefined).length > 1)
    throw invalid('give one of `credential`, `accountKey`, `sasToken` and `anonymous`');
  if (anonymous) return { kind: 'anonymous' };
  if (accountKey !== undefined) {
    if (!isSecret(accountKey)) throw invalid('`accountKey` is a string, { env } or { file }');
    return ofKey(secretOf(accountKey, 'account key', directory));
  }
  if (sasToken !== undefined) {
    if (typeof sasToken === 'function') return ofSas(async () => sasToken());
    if (!isSecret(sasToken)) throw invalid('`sasToken` is a string, { env }, { file } or a function');
    return ofSas(secretOf(sasToken, 'shared access signature', directory));
  }
  const { AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN } = process.env;
  if (credential === undefined && AZURE_STORAGE_ACCOUNT === account) {
    if (AZURE_STORAGE_KEY) return ofKey(async () => AZURE_STORAGE_KEY);
    if (AZURE_STORAGE_SAS_TOKEN) return ofSas(async () => AZURE_STORAGE_SAS_TOKEN);
  }
  return { kind: 'token', credential };
}

type Get = (signal: AbortSignal) => Promise<string>;

function ofKey(get: Get): Identity {
  return {
    kind: 'key',
    secret: async (signal) => {
      const key = (await get(signal)).trim();
      if (/^[A-Za-z0-9+/]{20,}={0,2}$/.test(key)) return key;
      throw denied('The account key is none: it is base64');
    },
  };
}

function ofSas(get: Get): Identity {
  return {
    kind: 'sas',
    secret: async (signal) => {
      const sas = (await get(signal)).trim().replace(/^\?/, '');
      // It becomes part of a URL, which it must neither end nor lead elsewhere.
      if (/^[\w.~%&=+:/,-]+$/.test(sas) && /(?:^|&)sig=/.test(sas)) return sas;
      throw denied('The shared access signature is none: it is sv=…&sig=…, without a URL before it');
    },
  };
}

/** Without a slash at the end. @throws INVALID_ARGUMENT */
export function endpointOf(account: string, { endpoint, allowHttp }: ConnectionOptions): string {
  if (endpoint === undefined) return `https://${account}.blob.core.windows.net`;
  if (!URL.canParse(endpoint)) throw invalid('endpoint is https://<host>');
  const { origin, protocol, hostname, pathname, search, hash, username, password } = new URL(endpoint);
  if (search + hash + username + password !== '')
    throw invalid('endpoint is https://<host>, without credentials');
  if (protocol !== 'https:' && protocol !== 'http:') throw invalid('endpoint is https://<host>');
  if (protocol === 'http:' && !isLoopback(hostname) && !allowHttp)
    throw invalid(
      'its endpoint has no TLS, so that signatures, and what is asked for, would cross the network in the clear. Name an https endpoint; `allowHttp: true` permits it',
    );
  return origin + pathname.replace(/\/+$/, '');
}

export function invalid(problem: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `A store of az: ${problem}.`);
}
