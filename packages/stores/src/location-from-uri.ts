import {
  checkOptions,
  checkPath,
  checkText,
  isLocation,
  type Kind,
  type StoreLocation,
  type StoreTuning,
  WeightsealError,
} from '@weightseal/core';
import { loadFactory, madeByOther } from '@weightseal/keys';
import { STORE_SCHEMES, STORES, type StoreScheme } from './providers.js';
import { storeMeant } from './scheme-meant.js';
import { checkStores, checkTuning, isOurs, type Stores } from './stores.js';
import { OF_STORES } from './words.js';

export interface LocationOptions {
  /**
   * By scheme. For ours, their options, as each package's `…LocationFromUri` takes them: `{ s3: { endpoint, pathStyle: true } }`. For others, who makes their stores: the name
   * of a package, a file, or what it exports; or that as `module`, with `options`, and with the directory `from` which it is looked up.
   */
  readonly stores?: Stores | undefined;
  /** How requests are made, where the defaults do not fit. */
  readonly tuning?: StoreTuning | undefined;
  /** Where relative paths in options count from; the working directory unless told. */
  readonly directory?: string | URL | undefined;
}

const OPTIONS: Readonly<Record<keyof LocationOptions, Kind>> = {
  stores: 'object',
  tuning: 'object',
  directory: 'path',
};

/**
 * The place that a URI names. Loads the package of its store, and no other; asks nobody yet. The store is the caller's to close.
 *
 * @throws STORE_URI_INVALID, PROVIDER_UNKNOWN, PROVIDER_MISSING, PROVIDER_INVALID, INVALID_ARGUMENT
 */
export async function locationFromUri(uri: string, options: LocationOptions = {}): Promise<StoreLocation> {
  checkText(uri, "A store's URI");
  checkOptions(options, OPTIONS, 'A store');
  const { stores = {}, tuning } = options;
  checkStores(stores);
  if (tuning !== undefined) checkTuning(tuning);
  const directory =
    options.directory === undefined ? undefined : checkPath(options.directory, 'The directory');
  const scheme = storeSchemeOf(uri);
  if (scheme === undefined || !(isOurs(scheme) || stores[scheme] !== undefined))
    throw unknown(uri, scheme, Object.keys(stores));
  const location = isOurs(scheme)
    ? await ourLocation(scheme, uri, stores[scheme] as object | undefined, directory)
    : await otherLocation(scheme, uri, stores[scheme], directory);
  // What a provider itself thinks right counts where nobody has said.
  return tuning === undefined ? location : { ...location, tuning: { ...location.tuning, ...tuning } };
}

async function ourLocation(
  scheme: StoreScheme,
  uri: string,
  own: object = {},
  directory: string | undefined,
): Promise<StoreLocation> {
  const { options, fromUri } = await loadFactory(scheme, STORES[scheme], OF_STORES);
  checkOptions(own, options, `A store of ${scheme}:`);
  const counted = directory !== undefined && options.includes('directory') ? { directory } : {};
  return fromUri(uri, { ...counted, ...own });
}

async function otherLocation(
  scheme: string,
  uri: string,
  given: unknown,
  directory: string | undefined,
): Promise<StoreLocation> {
  const { made, whose } = await madeByOther(OF_STORES, scheme, uri, { given, shared: { directory } });
  if (isLocation(made)) return made;
  throw new WeightsealError(
    'PROVIDER_INVALID',
    `${whose} made what is no place in a store of ${scheme}: it is \`{ store, key }\`, with a store that can \`read\`. Tell whoever wrote it; \`${OF_STORES.suite}\` tests all that a store must do.`,
  );
}

/** What stands before `://`, in lower case; undefined for what is no URI of a store. */
export function storeSchemeOf(uri: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\//.exec(uri)?.[1];
}

/** Does not repeat the URI: what stands there by mistake may be a secret. */
function unknown(uri: string, scheme: string | undefined, others: readonly string[]): WeightsealError {
  const known = [...new Set([...STORE_SCHEMES, ...others])];
  const spelt = scheme ?? /^([A-Za-z][\w+.-]{0,32}):/.exec(uri)?.[1];
  const meant = spelt === undefined ? undefined : storeMeant(spelt, known);
  const problem =
    scheme === undefined
      ? 'The URI of a store starts with its scheme in lower case, and ://'
      : `No provider has stores of ${scheme}:`;
  const hint =
    spelt?.toLowerCase() === 'file'
      ? 'A file is named by its path.'
      : meant === undefined
        ? 'A file is named by its path, without a scheme.'
        : `Did you mean ${meant}://?`;
  return new WeightsealError(
    'PROVIDER_UNKNOWN',
    `${problem}; known are ${known.map((name) => `${name}://`).join(', ')}. ${hint}`,
  );
}
