import { checkOptions, type KeyWrapper, WeightsealError } from '@weightseal/core';
import { type KeyOptions, keyFromUri } from '@weightseal/keys';
import type { Config, ConfiguredKey } from './config.js';

/**
 * The keys to seal or open with, in the same order, with their deadlines.
 *
 * @param keys names, URIs, or what `keysToSeal` and `keysToOpen` gave
 * @throws INVALID_ARGUMENT for an unknown name, and what `keyFromUri` throws
 */
export async function keyWrappers(
  config: Config,
  keys: readonly (string | ConfiguredKey)[],
  options: Omit<KeyOptions, 'deadlineMs' | 'directory' | 'formerUris'> = {},
): Promise<KeyWrapper[]> {
  checkOptions(options, 'keyWrappers');
  if (typeof config?.key !== 'function' || !Array.isArray(keys)) {
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'keyWrappers takes a configuration, as loadConfig gives it, and an array of keys: names, URIs, or what keysToSeal and keysToOpen gave.',
    );
  }
  const wrapper = async (one: string | ConfiguredKey) => {
    const { uri, formerUris, directory, deadlineMs } = typeof one === 'string' ? config.key(one) : one;
    return keyFromUri(uri, {
      ...options,
      formerUris,
      directory,
      deadlineMs: deadlineMs ?? config.deadlineMs,
    });
  };
  return Promise.all(keys.map(wrapper));
}
