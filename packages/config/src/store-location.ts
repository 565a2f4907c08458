import { checkKinds, checkText, type StoreLocation, WeightsealError } from '@weightseal/core';
import { type Providers, sourceOf } from '@weightseal/keys';
import {
  type LocationOptions,
  locationFromUri,
  OF_STORES,
  STORE_SCHEMES,
  type Stores,
  storeSchemeOf,
} from '@weightseal/stores';
import type { Config } from './config.js';
import { laidOver } from './key-wrappers.js';
import { type ConfiguredStore, settingsFor } from './stores.js';

const KINDS = { stores: 'object', tuning: 'object' } as const;

/**
 * The place that a URI names, with all that the configuration says of its store.
 *
 * @param options go before what the configuration says
 * @throws what `locationFromUri` throws
 */
export async function storeLocation(
  config: Config,
  uri: string,
  options: Omit<LocationOptions, 'directory'> = {},
): Promise<StoreLocation> {
  checkKinds(options, 'storeLocation', KINDS, []);
  checkText(uri, "A store's URI");
  if (!(config?.stores instanceof Map))
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'storeLocation takes a configuration, as loadConfig gives it, and the URI of a store.',
    );
  const { tuning, options: said } = settingsFor(uri, config.stores);
  return locationFromUri(uri, {
    stores: storesFor(storeSchemeOf(uri), config, said, options.stores ?? {}),
    ...((tuning || options.tuning) && { tuning: { ...tuning, ...options.tuning } }),
    directory: config.directory,
  });
}

/**
 * What the configuration says of the store that a URI is of: options as that store's page has them, for what asks the same service beside it. Empty where it says nothing.
 *
 * @throws INVALID_ARGUMENT
 */
export function storeSettings(config: Config, uri: string): ConfiguredStore['options'] {
  checkText(uri, "A store's URI");
  return settingsFor(uri, config.stores).options;
}

function storesFor(scheme: string | undefined, config: Config, said: object, given: Stores): Stores {
  if (scheme === undefined) return given;
  if ((STORE_SCHEMES as readonly string[]).includes(scheme))
    return { ...given, [scheme]: { ...said, ...(given[scheme] as object | undefined) } };
  const brought = [config.given, given as Providers].reduce(laidOver, Object.fromEntries(config.providers));
  if (!Object.hasOwn(brought, scheme) || brought[scheme] === undefined) return given;
  const source = sourceOf(scheme, brought[scheme], OF_STORES);
  return { ...given, [scheme]: { ...source, options: { ...said, ...source.options } } };
}
