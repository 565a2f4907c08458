import {
  checkOptions,
  checkPath,
  checkText,
  isWeightsealError,
  type KeyWrapper,
  type Kind,
  WeightsealError,
  within,
} from '@weightseal/core';
import { loadFactory } from './load-factory.js';
import { countedFrom } from './local-path.js';
import { checkedKey, checkProviders, isOurs, type Providers, sourceOf } from './other-provider.js';
import {
  KEY_SCHEMES,
  type KeyScheme,
  PROVIDERS,
  type ProviderOptions,
  SCHEMES_BY_HOST,
} from './providers.js';
import { schemeMeant } from './scheme-meant.js';

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
/** For a module to load and to make a key, which asks nobody: what has not done so then never will. */
const READY_MS = 30_000;
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
  const limits = { signal: undefined, deadlineMs: READY_MS, doing: `load the provider of ${scheme}:` };
  return within(limits, () => otherKey(scheme, uri, given, options)).catch((error) => {
    throw isWeightsealError(error) && error.code === 'KEY_TIMEOUT' ? neverReady(scheme, error) : error;
  });
}

async function ourKey(scheme: KeyScheme, uri: string, options: KeyOptions): Promise<KeyWrapper> {
  const factory = await loadFactory(scheme, PROVIDERS[scheme]);
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

/** What is said of all keys goes to a provider that knows it; what is said of this one must be known to it. */
async function otherKey(
  scheme: string,
  uri: string,
  given: unknown,
  { deadlineMs, prompt, formerUris, allowKeyOfOthers, allowWeakPassphrase }: KeyOptions,
): Promise<KeyWrapper> {
  const source = sourceOf(scheme, given);
  const { loadProvider } = await import('./load-provider.js');
  const { provider, whose } = await loadProvider(scheme, source);
  const knows = (name: string) => provider.options.includes(name);
  const own = { ...(formerUris !== undefined && { formerUris }), ...source.options };
  checkOptions(own, [...provider.options, 'deadlineMs'], whose);
  const all = {
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(prompt !== undefined && knows('prompt') && { prompt }),
    ...(allowKeyOfOthers !== undefined && knows('allowKeyOfOthers') && { allowKeyOfOthers }),
    ...(allowWeakPassphrase !== undefined && knows('allowWeakPassphrase') && { allowWeakPassphrase }),
    ...own,
  };
  let key: unknown;
  try {
    key = await provider.fromUri(uri, all);
  } catch (cause) {
    if (isWeightsealError(cause)) throw cause;
    throw new WeightsealError(
      'PROVIDER_INVALID',
      `${whose} made no key of ${scheme}: and did not say why: what it threw has no code. It is the cause; tell whoever wrote the provider.`,
      { cause },
    );
  }
  return checkedKey(key, scheme, whose);
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

function neverReady(scheme: string, cause: unknown): WeightsealError {
  return new WeightsealError(
    'PROVIDER_INVALID',
    `The provider of keys of ${scheme}: has neither loaded nor made a key after ${READY_MS / 1000} s. It has to do both without asking anybody; tell whoever wrote it.`,
    { cause },
  );
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
