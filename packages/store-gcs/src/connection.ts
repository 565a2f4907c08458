import { checkOptions, isLoopback, type Kind, loadError, WeightsealError } from '@weightseal/core';
import type { GoogleAuthOptions } from 'google-auth-library';

/** Whose credentials are used, by the names of Google's own libraries. */
export type GcsClientOptions = Pick<
  GoogleAuthOptions,
  'authClient' | 'credentials' | 'keyFilename' | 'universeDomain'
>;

/** All that is asked of a client. A `Storage` of @google-cloud/storage is one. */
export interface GcsClient {
  readonly authClient: { getRequestHeaders(url?: string | URL): Promise<Headers> };
  readonly apiEndpoint?: string;
}

export interface ConnectionOptions {
  /** A client of your own: its credentials and endpoint are used, and nothing else of it. */
  readonly client?: GcsClient | undefined;
  /** For the credentials otherwise; application default credentials unless told. */
  readonly clientOptions?: GcsClientOptions | undefined;
  /** Without any credentials, for buckets that all may read, and for emulators. */
  readonly anonymous?: boolean | undefined;
  /** `https://host[:port]`; `https://storage.googleapis.com` unless told. */
  readonly endpoint?: string | undefined;
  /** The project that pays for requests, where the bucket has its requesters pay. */
  readonly userProject?: string | undefined;
  /** The proxy to go through by `CONNECT`, or false for none; what HTTPS_PROXY and NO_PROXY say unless told. Node has it from 22.21 and 24.5 on. */
  readonly proxy?: string | false | undefined;
  /** Whether the endpoint may be `http:` on another machine, where tokens cross the network in the clear; the default is false. */
  readonly allowHttp?: boolean | undefined;
}

export const CONNECTION: Readonly<Record<keyof ConnectionOptions, Kind>> = {
  client: 'object',
  clientOptions: 'object',
  anonymous: 'boolean',
  endpoint: 'string',
  userProject: 'string',
  proxy: 'any',
  allowHttp: 'boolean',
};

export interface Connection {
  /** `https://storage.googleapis.com`, without a slash at the end. */
  readonly origin: string;
  readonly userProject: string | undefined;
  readonly proxy: string | false | undefined;
  /** What says who asks. Loads the library at the first call. */
  credentials(url: URL): Promise<Readonly<Record<string, string>>>;
}

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';
/** What settings of a bucket and its key are read under; what may be done with it, IAM says. https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/get */
const OF_SETTINGS = 'https://www.googleapis.com/auth/cloud-platform';

/** @throws INVALID_ARGUMENT */
export function connectionOf(options: ConnectionOptions, scope: string = SCOPE): Connection {
  const { client, clientOptions, anonymous = false, userProject, proxy } = options;
  if (client !== undefined && (clientOptions !== undefined || anonymous))
    throw invalid('a client of your own has its credentials; give either it or the other options');
  if (anonymous && clientOptions !== undefined) throw invalid('`anonymous` is without credentials');
  if (proxy !== undefined && proxy !== false) checkProxy(proxy);
  const universe = clientOptions?.universeDomain ?? 'googleapis.com';
  const endpoint = options.endpoint ?? client?.apiEndpoint ?? `https://storage.${universe}`;
  let made: Promise<GcsClient['authClient']> | undefined;
  const authOf = () =>
    (made ??= load(clientOptions, proxy, scope).catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
  return {
    origin: originOf(endpoint, options.allowHttp),
    userProject,
    proxy,
    async credentials(url) {
      if (anonymous) return {};
      const auth = client?.authClient ?? (await authOf());
      return Object.fromEntries(await auth.getRequestHeaders(url.href));
    },
  };
}

async function load(
  options: GcsClientOptions | undefined,
  proxy: string | false | undefined,
  scopes: string,
): Promise<GcsClient['authClient']> {
  const { GoogleAuth } = await import('google-auth-library').catch((cause: unknown) => {
    throw loadError(cause, 'google-auth-library') ?? cause;
  });
  // Who gives tokens is asked through the same proxy.
  const through = proxy ? { clientOptions: { transporterOptions: { proxy } } } : {};
  return new GoogleAuth({ scopes, ...through, ...options } as GoogleAuthOptions);
}

/** Who asks for settings of a bucket, as the options of its store say. */
export interface GcsTokens {
  /** `https://storage.googleapis.com`, without a slash at the end. */
  readonly origin: string;
  /** An access token; undefined without credentials (`anonymous`). Loads the library at the first call. @throws whatever Google's library does */
  token(): Promise<string | undefined>;
}

/**
 * Access tokens for a bucket's settings and its key, by the same credentials as the store's: `auditGcs` of `@weightseal/storage-audit` takes them.
 *
 * @throws INVALID_ARGUMENT
 */
export function gcsTokens(options: ConnectionOptions = {}): GcsTokens {
  checkOptions(options, CONNECTION, 'A store of gs:');
  const { origin, credentials } = connectionOf(options, OF_SETTINGS);
  return {
    origin,
    async token() {
      const headers = await credentials(new URL(origin));
      const [, value] =
        Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization') ?? [];
      return value?.replace(/^Bearer /i, '');
    },
  };
}

function originOf(endpoint: string, allowHttp = false): string {
  // The SDK's client has it without a scheme, too.
  const written = endpoint.includes('://') ? endpoint : `https://${endpoint}`;
  if (!URL.canParse(written)) throw invalid('`endpoint` is https://host[:port]');
  const { origin, protocol, hostname, pathname, search, hash, username, password } = new URL(written);
  if (pathname !== '/' || search + hash + username + password !== '')
    throw invalid('`endpoint` is https://host[:port], and nothing more');
  if (protocol !== 'https:' && protocol !== 'http:') throw invalid('`endpoint` is https://host[:port]');
  if (protocol === 'http:' && !isLoopback(hostname) && !allowHttp)
    throw invalid(
      'its endpoint has no TLS, so that tokens would cross the network in the clear. Name an https endpoint; `allowHttp: true` permits it',
    );
  return origin;
}

function checkProxy(proxy: unknown): void {
  if (typeof proxy !== 'string' || !URL.canParse(proxy) || !/^https?:$/.test(new URL(proxy).protocol))
    throw invalid('`proxy` is the URL of a proxy, http://host:port, or false for none');
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 21) || major === 23 || (major === 24 && minor < 5))
    throw invalid('`proxy` needs Node 22.21, or 24.5, or later');
}

function invalid(problem: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `A store of gs: ${problem}.`);
}
