import type { TokenCredential } from '@azure/identity';
import type { ContainerClient, StoragePipelineOptions } from '@azure/storage-blob';
import { loadError } from '@weightseal/core';
import { boundedAnswers } from './bounded-answers.js';
import type { Identity } from './connection.js';

/** The container by the official SDK, and what a copy inside Azure needs of who asks. */
export interface Clients {
  readonly container: ContainerClient;
  /** Whether another service may read a blob in our name: how its URL has to be sent. */
  readonly source: (key: string, signal: AbortSignal) => Promise<Source>;
}

export interface Source {
  readonly url: string;
  readonly sourceAuthorization?: { readonly scheme: string; readonly value: string };
}

/** What a credential threw, told apart from what the store answered. */
export class TokenFailure extends Error {
  override readonly name = 'TokenFailure';
}

const SCOPE = 'https://storage.azure.com/.default';
const COPIES_WITHIN_MS = 3_600_000;

/** Where the container is, and what the client is made with. */
interface Target {
  readonly url: string;
  readonly account: string;
  readonly identity: Identity;
  readonly proxy: string | undefined;
  readonly options: StoragePipelineOptions;
}

/** Loads the SDK when it is first needed, and makes one client; where a secret changes, another one. */
export function lazyClients(target: Target): (signal: AbortSignal) => Promise<Clients> {
  const { identity } = target;
  let made: { readonly secret: string; readonly clients: Promise<Clients> } | undefined;
  return async (signal) => {
    const secret = 'secret' in identity ? await identity.secret(signal) : '';
    if (made?.secret !== secret) made = { secret, clients: make(target, secret) };
    const { clients } = made;
    return clients.catch((error: unknown) => {
      if (made?.clients === clients) made = undefined;
      throw error;
    });
  };
}

async function make({ url, account, identity, proxy, options }: Target, secret: string): Promise<Clients> {
  const sdk = await import('@azure/storage-blob').catch(notLoaded('@azure/storage-blob'));
  const settings = {
    ...(proxy !== undefined && { proxyOptions: proxyOf(proxy) }),
    ...options,
    retryOptions: { maxTries: 1 },
    // Not among its types, and passed on to the pipeline underneath.
    redirectOptions: { maxRetries: 0 },
  } as StoragePipelineOptions;
  const token =
    identity.kind === 'token'
      ? guarded(identity.credential ?? (await defaultCredential()), options)
      : undefined;
  const credential =
    identity.kind === 'key'
      ? new sdk.StorageSharedKeyCredential(account, secret)
      : (token ?? new sdk.AnonymousCredential());
  const pipeline = sdk.newPipeline(credential, settings);
  pipeline.factories.push(boundedAnswers);
  const container = new sdk.ContainerClient(identity.kind === 'sas' ? `${url}?${secret}` : url, pipeline);
  return {
    container,
    async source(key, signal) {
      const blob = container.getBlobClient(key);
      if (identity.kind === 'key') {
        const permissions = sdk.BlobSASPermissions.parse('r');
        const expiresOn = new Date(Date.now() + COPIES_WITHIN_MS);
        return { url: await blob.generateSasUrl({ permissions, expiresOn }) };
      }
      const got = await token?.getToken(scopeOf(options), { abortSignal: signal });
      return got
        ? { url: blob.url, sourceAuthorization: { scheme: 'Bearer', value: got.token } }
        : { url: blob.url };
    },
  };
}

function proxyOf(proxy: string): NonNullable<StoragePipelineOptions['proxyOptions']> {
  const { protocol, hostname, port, username, password } = new URL(proxy);
  return {
    host: `${protocol}//${hostname}`,
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    ...(username && {
      username: decodeURIComponent(username),
      password: decodeURIComponent(password),
    }),
  };
}

/** What a host gets that asks for a token of another service. An error would have the SDK ask again and again until the token that it has is over. */
const NO_TOKEN = { token: 'none-for-another-service', expiresOnTimestamp: 0 } as const;

/** For storage and for nothing else: a server may ask the SDK for a token of whatever service it names. */
function guarded(credential: TokenCredential, options: StoragePipelineOptions): TokenCredential {
  const allowed = scopeOf(options);
  return {
    async getToken(scopes, asked) {
      if ([scopes].flat().some((scope) => !allowed.includes(scope))) return NO_TOKEN;
      try {
        const token = await credential.getToken(scopes, asked);
        if (token) return token;
      } catch (cause) {
        throw new TokenFailure('No token.', { cause });
      }
      throw new TokenFailure('The credential gave no token.');
    },
  };
}

function scopeOf({ audience }: StoragePipelineOptions): string[] {
  return audience === undefined ? [SCOPE] : [audience].flat();
}

export async function defaultCredential(): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import('@azure/identity').catch(notLoaded('@azure/identity'));
  return new DefaultAzureCredential();
}

function notLoaded(name: string): (cause: unknown) => never {
  return (cause) => {
    throw loadError(cause, name) ?? cause;
  };
}
