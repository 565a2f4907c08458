import {
  checkOptions,
  checkPath,
  checkText,
  type Kind,
  type Signer,
  WeightsealError,
} from '@weightseal/core';
import { schemeOf } from './key-from-uri.js';
import { loadFactory } from './load-factory.js';
import { pathFrom, signerCountedFrom } from './local-path.js';
import { madeByOther } from './made-by-other.js';
import { checkedSigner, checkProviders, type Providers } from './other-provider.js';
import {
  NOT_OF_SIGNERS,
  OUR_SCHEMES,
  SIGNER_SCHEMES,
  SIGNERS,
  type SignerProviderOptions,
  type SignerScheme,
} from './providers.js';
import { schemeMeant } from './scheme-meant.js';
import { OF_SIGNERS } from './words.js';

export interface SignerOptions {
  /** Milliseconds that one call of a signer may take in all; 10 000 unless told. */
  readonly deadlineMs?: number | undefined;
  /** Asks a person for the passphrase of `pem:`, where the key is encrypted. What it returns is wiped after use. */
  readonly prompt?: ((signal: AbortSignal) => Promise<Uint8Array>) | undefined;
  /** A file that holds the passphrase of `pem:`. */
  readonly passphraseFile?: string | URL | undefined;
  /** Where relative paths in `pem:` and `passphraseFile` count from; the working directory unless told. */
  readonly directory?: string | URL | undefined;
  /** Whether the files of `pem:` may be another user's, who can change them; the default is false. */
  readonly allowKeyOfOthers?: boolean | undefined;
  /** By scheme, as `keyFromUri` takes them: more options for ours, and who makes the signers of others. */
  readonly providers?: Providers | undefined;
}

const OPTIONS: Readonly<Record<keyof SignerOptions, Kind>> = {
  deadlineMs: 'any',
  prompt: 'function',
  passphraseFile: 'path',
  directory: 'path',
  allowKeyOfOthers: 'boolean',
  providers: 'object',
};

/**
 * The key that signs, and that a URI names. Loads the package of its provider, and no other.
 *
 * @throws PROVIDER_UNKNOWN, PROVIDER_MISSING, PROVIDER_INVALID, KEY_URI_INVALID, INVALID_ARGUMENT
 */
export async function signerFromUri(uri: string, options: SignerOptions = {}): Promise<Signer> {
  checkText(uri, 'The URI of a signer');
  checkOptions(options, OPTIONS, 'A signer');
  const { providers = {}, deadlineMs, prompt, allowKeyOfOthers } = options;
  checkProviders(providers);
  const scheme = schemeOf(uri);
  if (scheme !== undefined && isOfSigners(scheme)) return ourSigner(scheme, uri, options);
  const known = scheme !== undefined && !OUR_SCHEMES.includes(scheme) && Object.hasOwn(providers, scheme);
  if (!known || providers[scheme] === undefined) throw unknown(uri, scheme, Object.keys(providers));
  const { made, whose } = await madeByOther(OF_SIGNERS, scheme, uri, {
    given: providers[scheme],
    shared: { prompt, allowKeyOfOthers },
    always: { deadlineMs },
  });
  return checkedSigner(made, scheme, whose);
}

function isOfSigners(scheme: string): scheme is SignerScheme {
  return (SIGNER_SCHEMES as readonly string[]).includes(scheme);
}

async function ourSigner(scheme: SignerScheme, uri: string, options: SignerOptions): Promise<Signer> {
  const factory = await loadFactory(scheme, SIGNERS[scheme], OF_SIGNERS);
  const { deadlineMs, prompt, passphraseFile, directory, allowKeyOfOthers, providers } = options;
  const above = directory === undefined ? undefined : checkPath(directory, 'The directory');
  const inFile = scheme === 'pem';
  const more = Object.entries(providers?.[scheme] ?? {}).filter(
    ([name]) => !NOT_OF_SIGNERS[scheme]?.includes(name),
  );
  const own: SignerProviderOptions = {
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(prompt !== undefined && inFile && { prompt }),
    ...(allowKeyOfOthers !== undefined && inFile && { allowKeyOfOthers }),
    ...(passphraseFile !== undefined &&
      inFile && { passphraseFile: pathFrom(above, checkPath(passphraseFile, 'The passphrase file')) }),
    ...Object.fromEntries(more),
  };
  return signerCountedFrom(above, uri, (counted) => factory(counted, own));
}

/** Does not repeat the URI: what stands there by mistake may be a secret. */
function unknown(uri: string, scheme: string | undefined, others: readonly string[]): WeightsealError {
  const known = [
    ...new Set<string>([...SIGNER_SCHEMES, ...others.filter((one) => !OUR_SCHEMES.includes(one))]),
  ];
  const spelt = scheme ?? /^([A-Za-z][\w+.-]{0,32}):/.exec(uri)?.[1];
  const meant = spelt === undefined ? undefined : schemeMeant(spelt, known);
  const hint = meant === undefined ? 'A private key in PEM is pem:<path>.' : `Did you mean ${meant}:?`;
  const wraps = scheme !== undefined && OUR_SCHEMES.includes(scheme);
  const problem = wraps
    ? `Keys of ${scheme}: wrap, and sign nothing`
    : scheme !== undefined
      ? `No provider has signers of ${scheme}:`
      : 'The URI of a signer starts with its scheme';
  return new WeightsealError(
    'PROVIDER_UNKNOWN',
    `${problem}; known are ${known.map((name) => `${name}:`).join(', ')}. ${hint}`,
  );
}
