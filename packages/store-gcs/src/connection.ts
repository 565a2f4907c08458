import { isLoopback, loadError, WeightsealError } from '@weightseal/core';
import type { GoogleAuthOptions } from 'google-auth-library';

/** Part of what the official clients take, by the same names. */
export interface GcsClientOptions
  extends Pick<GoogleAuthOptions, 'authClient' | 'credentials' | 'keyFilename' | 'universeDomain'> {
  /** The host, or `https://…`; `storage.googleapis.com` unless told. `http:` for this machine only. */
  readonly apiEndpoint?: string;
  /** The project that pays for requests, where the bucket has its requesters pay. */
  readonly userProject?: string;
}

/** All that is asked of a client. A `Storage` of @google-cloud/storage is one. */
export interface GcsClient {
  readonly authClient: { getRequestHeaders(url?: string | URL): Promise<Headers> };
  readonly apiEndpoint?: string;
}

export interface ConnectionOptions {
  /** A client of your own: its credentials and endpoint are used, and nothing else of it. */
  readonly client?: GcsClient | undefined;
  /** For the credentials and the endpoint otherwise; application default credentials unless told. */
  readonly clientOptions?: GcsClientOptions | undefined;
  /** Without any credentials, for buckets that all may read, and for emulators. */
  readonly anonymous?: boolean | undefined;
}

export interface Connection {
  /** `https://storage.googleapis.com`, without a slash at the end. */
  readonly origin: string;
  readonly userProject: string | undefined;
  /** What says who asks. Loads the library at the first call. */
  credentials(url: URL): Promise<Readonly<Record<string, string>>>;
}

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';

/** @throws INVALID_ARGUMENT */
export function connectionOf(options: ConnectionOptions): Connection {
  const { client, clientOptions, anonymous = false } = options;
  if (client !== undefined && (clientOptions !== undefined || anonymous))
    throw invalid('a client of your own has its credentials; give either it or the other options');
  const { apiEndpoint, userProject, universeDomain, ...auth } = clientOptions ?? {};
  if (anonymous && Object.keys(auth).length > 0) throw invalid('`anonymous` is without credentials');
  const endpoint = client?.apiEndpoint ?? apiEndpoint ?? `storage.${universeDomain ?? 'googleapis.com'}`;
  let made: Promise<GcsClient['authClient']> | undefined;
  const load = async () => {
    const { GoogleAuth } = await import('google-auth-library').catch((cause: unknown) => {
      throw loadError(cause, 'google-auth-library') ?? cause;
    });
    return new GoogleAuth({
      scopes: SCOPE,
      ...auth,
      ...(universeDomain === undefined ? {} : { universeDomain }),
    } as GoogleAuthOptions);
  };
  const authOf = () =>
    (made ??= load().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
  return {
    origin: originOf(endpoint),
    userProject,
    async credentials(url) {
      if (anonymous) return {};
      const auth = client?.authClient ?? (await authOf());
      return Object.fromEntries(await auth.getRequestHeaders(url.href));
    },
  };
}

function originOf(endpoint: string): string {
  const written = endpoint.includes('://') ? endpoint : `https://${endpoint}`;
  if (!URL.canParse(written)) throw invalid('apiEndpoint is a host, or https://<host>');
  const { origin, protocol, hostname, pathname, search, hash, username, password } = new URL(written);
  if (pathname !== '/' || search + hash + username + password !== '')
    throw invalid('apiEndpoint is a host, or https://<host>, and nothing more');
  // Tokens would go there in the clear.
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname)))
    throw invalid('apiEndpoint may be http: for this machine only (127.0.0.1, [::1], localhost)');
  return origin;
}

function invalid(problem: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `A store of gs: ${problem}.`);
}
