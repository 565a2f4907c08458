import type { TokenCredential } from '@azure/identity';
import type { ContainerClient, StoragePipelineOptions } from '@azure/storage-blob';
import { loadError } from '@weightseal/core';
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

/** Loads the SDK when it is first needed, and makes one client; with signatures that change, one for each. */
export function lazyClients(
  url: string,
  account: string,
  identity: Identity,
  options: StoragePipelineOptions | undefined,
): () => Promise<Clients> {
  let made: { readonly sas: string; readonly clients: Promise<Clients> } | undefined;
  return async () => {
    const sas = identity.kind === 'sas' ? await identity.sas() : '';
    if (made?.sas !== sas) made = { sas, clients: make(url, account, identity, sas, options) };
    const { clients } = made;
    return clients.catch((error: unknown) => {
      if (made?.clients === clients) made = undefined;
      throw error;
    });
  };
}

async function make(
  url: string,
  account: string,
  identity: Identity,
  sas: string,
  options: StoragePipelineOptions = {},
): Promise<Clients> {
  const sdk = await import('@azure/storage-blob').catch(notLoaded('@azure/storage-blob'));
  const settings = {
    ...options,
    retryOptions: { maxTries: 1 },
    // Not among its types, and passed on to the pipeline underneath.
    redirectOptions: { maxRetries: 0 },
  } as StoragePipelineOptions;
  const token =
    identity.kind === 'token' ? guarded(identity.credential ?? (await defaultCredential()), options) : undefined;
  const credential =
    identity.kind === 'key'
      ? new sdk.StorageSharedKeyCredential(account, identity.key)
      : (token ?? new sdk.AnonymousCredential());
  const container = new sdk.ContainerClient(
    sas === '' ? url : `${url}?${sas}`,
    sdk.newPipeline(credential, settings),
  );
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

/** For storage and for nothing else: a server may ask the SDK for a token of whatever service it names. */
function guarded(credential: TokenCredential, options: StoragePipelineOptions): TokenCredential {
  const allowed = scopeOf(options);
  return {
    async getToken(scopes, asked) {
      if ([scopes].flat().some((scope) => !allowed.includes(scope)))
        throw new TokenFailure('The host asks for a token of another service.');
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

async function defaultCredential(): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import('@azure/identity').catch(notLoaded('@azure/identity'));
  return new DefaultAzureCredential();
}

function notLoaded(name: string): (cause: unknown) => never {
  return (cause) => {
    throw loadError(cause, name) ?? cause;
  };
}
