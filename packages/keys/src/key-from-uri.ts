import {
  checkOptions,
  checkPath,
  checkText,
  type KeyWrapper,
  type Kind,
  WeightsealError,
} from '@weightseal/core';
import { loadFactory } from './load-factory.js';
import { countedFrom } from './local-path.js';
import { madeByOther } from './made-by-other.js';
import { checkedKey, checkProviders, isOurs, type Providers } from './other-provider.js';
import {
  KEY_SCHEMES,
  type KeyScheme,
  PROVIDERS,
  type ProviderOptions,
  SCHEMES_BY_HOST,
} from './providers.js';
import { schemeMeant } from './scheme-meant.js';
import { OF_KEYS } from './words.js';

export interface KeyOptions {
  /** Milliseconds that one call of a key may take in all; 10 000 unless told. */
  readonly deadlineMs?: number | undefined;
  /** Asks a person for the passphrase of `passphrase:`. What it returns is wiped after use. */
  readonly prompt?: ((signal: AbortSignal) => Promise<Uint8Array>) | undefined;
  /** Where relative paths in `local:` and `passphrase:` count from; the working directory at each call unless told. */
  readonly directory?: string | URL | undefined;
  /** Whether the files of `local:` and `passphrase:` may be another user's, who can change them; the default is false. */
  readonly allowKeyOfOthers?: boolean | undefined;
  /** Whether `passphrase:` may seal with a passphrase that would be guessed; the default is false. */
  readonly allowWeakPassphrase?: boolean | undefined;
  /**
   * Other URIs under which this very key wrapped, for `azure-kv:` and `vault:`: of the vault that a backup comes from, of another name of the
   * server. Slots with other URIs than the key's are refused before a call.
   */
  readonly formerUris?: readonly string[] | undefined;
  /**
   * By scheme. For ours, more options, as their `…KeyFromUri` takes them: `{ 'aws-kms': { client } }`. For others, who makes their keys: the name
   * of a package, a file, or what it exports; or that as `module`, with `options`, and with the directory `from` which it is looked up.
   */
  readonly providers?: Providers | undefined;
}

const OPTIONS: Readonly<Record<keyof KeyOptions, Kind>> = {
  deadlineMs: 'any',
  prompt: 'function',
  directory: 'path',
  allowKeyOfOthers: 'boolean',
  allowWeakPassphrase: 'boolean',
  formerUris: 'strings',
  providers: 'object',
};
const IN_FILES: readonly KeyScheme[] = ['local', 'passphrase'];

/**
 * The key that a URI names. Loads the package of its provider, and no other.
 *
 * @throws PROVIDER_UNKNOWN, PROVIDER_MISSING, PROVIDER_INVALID, KEY_URI_INVALID, INVALID_ARGUMENT
 */
export async function keyFromUri(uri: string, options: KeyOptions = {}): Promise<KeyWrapper> {
  checkText(uri, 'A key URI');
  checkOptions(options, OPTIONS, 'A key');
  const { providers = {} } = options;
  checkProviders(providers);
  const scheme = schemeOf(uri);
  if (scheme !== undefined && isOurs(scheme)) return ourKey(scheme, uri, options);
  if (scheme === undefined || !Object.hasOwn(providers, scheme) || providers[scheme] === undefined)
    throw unknown(uri, scheme, Object.keys(providers));
  const given = providers[scheme];
  return otherKey(scheme, uri, given, options);
}

async function ourKey(scheme: KeyScheme, uri: string, options: KeyOptions): Promise<KeyWrapper> {
  const factory = await loadFactory(scheme, PROVIDERS[scheme], OF_KEYS);
  const { deadlineMs, prompt, directory, formerUris, allowKeyOfOthers, allowWeakPassphrase, providers } =
    options;
  if (formerUris !== undefined && !SCHEMES_BY_HOST.includes(scheme)) throw noFormer(scheme);
  const own: ProviderOptions = {
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(prompt !== undefined && scheme === 'passphrase' && { prompt }),
    ...(allowKeyOfOthers !== undefined && IN_FILES.includes(scheme) && { allowKeyOfOthers }),
    ...(allowWeakPassphrase !== undefined && scheme === 'passphrase' && { allowWeakPassphrase }),
    ...(formerUris !== undefined && { formerUris }),
    ...providers?.[scheme],
  };
  const above = directory === undefined ? undefined : checkPath(directory, 'The directory');
  return countedFrom(above, uri, (counted) => factory(counted, own));
}

async function otherKey(
  scheme: string,
  uri: string,
  given: unknown,
  { deadlineMs, prompt, formerUris, allowKeyOfOthers, allowWeakPassphrase }: KeyOptions,
): Promise<KeyWrapper> {
  const { made, whose } = await madeByOther(OF_KEYS, scheme, uri, {
    given,
    own: formerUris === undefined ? {} : { formerUris },
    shared: { prompt, allowKeyOfOthers, allowWeakPassphrase },
    always: { deadlineMs },
  });
  return checkedKey(made, scheme, whose);
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

function noFormer(scheme: KeyScheme): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    `Keys of ${scheme}: take no formerUris; only those of ${SCHEMES_BY_HOST.join(': and ')}: are named by a host, which may change.`,
  );
}

/** Does not repeat the URI: what stands there by mistake may be a secret. */
function unknown(uri: string, scheme: string | undefined, others: readonly string[]): WeightsealError {
  const known = [...new Set([...KEY_SCHEMES, ...others])];
  const spelt = scheme ?? /^([A-Za-z][\w+.-]{0,32}):/.exec(uri)?.[1];
  const meant = spelt === undefined ? undefined : schemeMeant(spelt, known);
  const hint = meant === undefined ? 'A key file is local:<path>.' : `Did you mean ${meant}:?`;
  const problem =
    scheme !== undefined
      ? `No provider has keys of ${scheme}:`
      : `A key URI starts with its scheme${meant === undefined ? '' : ', in lower case'}`;
  return new WeightsealError(
    'PROVIDER_UNKNOWN',
    `${problem}; known are ${known.map((name) => `${name}:`).join(', ')}. ${hint}`,
  );
}
