import type { Config } from '@weightseal/config';
import { usageError } from './cli-error.js';
import type { Args } from './types.js';

/** The configuration that the command line names, or that is found here or above; undefined where there is none. */
export async function configuration(args: Args): Promise<Config | undefined> {
  const { findConfig, loadConfig } = await import('@weightseal/config');
  const path = args.one('config');
  if (path !== undefined || findConfig() !== undefined)
    return loadConfig({ path, profile: args.one('profile') });
  if (args.one('profile') === undefined) return undefined;
  throw usageError('--profile is of a configuration, and no weightseal.config file was found here or above.');
}

/**
 * The configuration, where the keys need one: there are names among them, or there are none, or the command line says which it is. Keys that
 * are all named by URI are nobody else's business.
 */
export async function configurationFor(args: Args, keys: readonly string[]): Promise<Config | undefined> {
  const { schemeOf } = await import('@weightseal/keys');
  const asked = args.one('config') !== undefined || args.one('profile') !== undefined;
  if (!asked && keys.length > 0 && keys.every((key) => schemeOf(key) !== undefined)) return undefined;
  return configuration(args);
}
