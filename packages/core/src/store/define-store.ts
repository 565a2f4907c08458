import { WeightsealError } from '../errors.js';
import type { StoreLocation } from './location.js';

/** What a package of stores exports: who makes the stores of a URI scheme. */
export interface StoreProvider {
  /** What stands before the first colon of its URIs, for example `s3`. */
  readonly scheme: string;
  /** The names of the options that it knows. Any other is refused before `fromUri` is called. */
  readonly options: readonly string[];
  /**
   * The place that a URI names. Asks nobody yet.
   *
   * @throws STORE_URI_INVALID for a URI that it does not understand, or that has credentials in it, INVALID_ARGUMENT for a value that cannot be
   */
  fromUri(uri: string, options: object): StoreLocation | Promise<StoreLocation>;
}

const SCHEME = /^[a-z][a-z0-9+.-]*$/;

/**
 * Makes a provider: `export const provider = defineStore<MyOptions>({ scheme, options, fromUri })`.
 *
 * @throws INVALID_ARGUMENT for what is none
 */
export function defineStore<Options extends object = object>(provider: {
  readonly scheme: string;
  readonly options: readonly (keyof Options & string)[];
  readonly fromUri: (uri: string, options: Options) => StoreLocation | Promise<StoreLocation>;
}): StoreProvider {
  if (typeof provider !== 'object' || provider === null)
    throw invalid('it is an object with `scheme`, `options` and `fromUri`');
  const { scheme, options, fromUri } = provider;
  if (typeof scheme !== 'string' || !SCHEME.test(scheme))
    throw invalid('`scheme` is a letter in lower case and then letters, digits and + . -');
  if (!Array.isArray(options) || !options.every((name) => typeof name === 'string'))
    throw invalid('`options` is a list of the names of its options');
  if (typeof fromUri !== 'function') throw invalid('`fromUri` is a function from a URI to a location');
  return { scheme, options: [...options], fromUri: (uri, given) => fromUri(uri, given as Options) };
}

function invalid(what: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `A provider of stores: ${what}.`);
}
