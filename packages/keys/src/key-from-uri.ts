import { checkOptions, checkPath, checkText, type KeyWrapper, WeightsealError } from '@weightseal/core';
import { loadFactory } from './load-factory.js';
import { countedFrom } from './local-path.js';
import {
  KEY_SCHEMES,
  type KeyScheme,
  PROVIDERS,
  type ProviderOptions,
  SCHEMES_BY_HOST,
} from './providers.js';

export interface KeyOptions {
  /** Milliseconds that one call of a key may take in all; 10 000 unless told. */
  readonly deadlineMs?: number | undefined;
  /** Asks a person for the passphrase of `passphrase:`. What it returns is wiped after use. */
  readonly prompt?: ((signal: AbortSignal) => Promise<Uint8Array>) | undefined;
  /** Where relative paths in `local:` and `passphrase:` count from; the working directory at each call unless told. */
  readonly directory?: string | URL | undefined;
  /** Whether the files of `local:` and `passphrase:` may be another user's, who can change them; the default is false. */
  readonly allowKeyOfOthers?: boolean | undefined;
  /**
   * Other URIs under which this very key wrapped, for `azure-kv:` and `vault:`: of the vault that a backup comes from, of another name of the
   * server. Slots with other URIs than the key's are refused before a call.
   */
  readonly formerUris?: readonly string[] | undefined;
  /** More for single providers, by scheme, as their `…KeyFromUri` takes it: `{ 'aws-kms': { client } }`. */
  readonly providers?: Readonly<Partial<Record<KeyScheme, object>>> | undefined;
}

const IN_FILES: readonly KeyScheme[] = ['local', 'passphrase'];

/**
 * The key that a URI names. Loads the package of its provider, and no other.
 *
 * @throws PROVIDER_UNKNOWN, PROVIDER_MISSING, KEY_URI_INVALID, INVALID_ARGUMENT
 */
export async function keyFromUri(uri: string, options: KeyOptions = {}): Promise<KeyWrapper> {
  checkText(uri, 'A key URI');
  checkOptions(options, 'keyFromUri', { directory: 'path', prompt: 'function', providers: 'object' });
  const scheme = schemeOf(uri);
  if (scheme === undefined || !isKnown(scheme)) throw unknown(scheme);
  const factory = await loadFactory(scheme, PROVIDERS[scheme]);
  const { deadlineMs, prompt, directory, formerUris, allowKeyOfOthers, providers } = options;
  if (formerUris !== undefined && !SCHEMES_BY_HOST.includes(scheme)) throw noFormer(scheme);
  const own: ProviderOptions = {
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(prompt !== undefined && scheme === 'passphrase' && { prompt }),
    ...(allowKeyOfOthers !== undefined && IN_FILES.includes(scheme) && { allowKeyOfOthers }),
    ...(formerUris !== undefined && { formerUris }),
    ...providers?.[scheme],
  };
  const above = directory === undefined ? undefined : checkPath(directory, 'The directory');
  return countedFrom(above, uri, (counted) => factory(counted, own));
}

/** The keys that the URIs name, in the same order. @throws like `keyFromUri` */
export async function keysFromUris(uris: readonly string[], options: KeyOptions = {}): Promise<KeyWrapper[]> {
  if (!Array.isArray(uris))
    throw new WeightsealError('INVALID_ARGUMENT', 'keysFromUris takes an array of key URIs.');
  return Promise.all(uris.map((uri) => keyFromUri(uri, options)));
}

/** What stands before the first colon, if that can be a scheme; a name has none. RFC 3986 §3.1, in lower case. */
export function schemeOf(uri: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):/.exec(uri)?.[1];
}

function isKnown(scheme: string): scheme is KeyScheme {
  return (KEY_SCHEMES as readonly string[]).includes(scheme);
}

function noFormer(scheme: KeyScheme): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    `Keys of ${scheme}: take no formerUris; only those of ${SCHEMES_BY_HOST.join(': and ')}: are named by a host, which may change.`,
  );
}

/** Does not repeat the URI: what stands there by mistake may be a secret. */
function unknown(scheme: string | undefined): WeightsealError {
  const problem =
    scheme === undefined ? 'A key URI starts with its scheme' : `No provider has keys of ${scheme}:`;
  return new WeightsealError(
    'PROVIDER_UNKNOWN',
    `${problem}; known are ${KEY_SCHEMES.map((name) => `${name}:`).join(', ')}. A key file is local:<path>.`,
  );
}
