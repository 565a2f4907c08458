import { WeightsealError } from '../errors.js';
import type { KeyWrapper } from './key-wrapper.js';
import type { Signer } from './signer.js';

/** What every provider is given, and heeds, beside the options of its own. */
export interface ProviderLimits {
  /** Milliseconds that one call of a key may take in all; 10 000 where nobody has said. See `checkedDeadline` and `within`. */
  readonly deadlineMs?: number | undefined;
}

/** What a package of keys exports: who makes the keys of a URI scheme. */
export interface KeyProvider {
  /** What stands before the first colon of its URIs, for example `corp-kms`; also the `provider` of its keys. */
  readonly scheme: string;
  /** The names of the options that it knows, beside `deadlineMs`. Any other is refused before `fromUri` is called. */
  readonly options: readonly string[];
  /**
   * The key that a URI names. Asks nobody yet.
   *
   * @throws KEY_URI_INVALID for a URI that it does not understand (`splitKeyUri`), INVALID_ARGUMENT for a value that cannot be
   */
  fromUri(uri: string, options: object): KeyWrapper | Promise<KeyWrapper>;
  /** The signer that a URI names, of the same options, where the provider has keys that sign. Asks nobody yet. @throws as `fromUri` */
  signerFromUri?(uri: string, options: object): Signer | Promise<Signer>;
}

const SCHEME = /^[a-z][a-z0-9+.-]*$/;

/**
 * Makes a provider: `export const provider = defineProvider<MyOptions>({ scheme, options, fromUri })`; with `signerFromUri`, where it has keys that sign.
 *
 * @throws INVALID_ARGUMENT for what is none
 */
export function defineProvider<Options extends object = object>(provider: {
  readonly scheme: string;
  readonly options: readonly (keyof Options & string)[];
  readonly fromUri: (uri: string, options: Options & ProviderLimits) => KeyWrapper | Promise<KeyWrapper>;
  readonly signerFromUri?: (uri: string, options: Options & ProviderLimits) => Signer | Promise<Signer>;
}): KeyProvider {
  if (typeof provider !== 'object' || provider === null)
    throw invalid('it is an object with `scheme`, `options` and `fromUri`');
  const { scheme, options, fromUri, signerFromUri } = provider;
  if (typeof scheme !== 'string' || !SCHEME.test(scheme))
    throw invalid('`scheme` is a letter in lower case and then letters, digits and + . -');
  if (!Array.isArray(options) || !options.every((name) => typeof name === 'string'))
    throw invalid('`options` is a list of the names of its options');
  if (typeof fromUri !== 'function') throw invalid('`fromUri` is a function from a URI to its key');
  if (signerFromUri !== undefined && typeof signerFromUri !== 'function')
    throw invalid('`signerFromUri` is a function from a URI to its signer');
  return {
    scheme,
    options: [...options],
    fromUri: (uri, given) => fromUri(uri, given as Options),
    ...(signerFromUri && { signerFromUri: (uri, given) => signerFromUri(uri, given as Options) }),
  };
}

function invalid(what: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `A key provider: ${what}.`);
}
