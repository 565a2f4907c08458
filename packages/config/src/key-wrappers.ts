import type { KeyWrapper } from '@weightseal/core';
import { type KeyOptions, keyFromUri } from '@weightseal/keys';
import type { Config, ConfiguredKey } from './config.js';

/**
 * The keys to seal or open with, in the same order, with their deadlines.
 *
 * @param keys names, URIs, or what `keysToSeal` and `keysToOpen` gave
 * @throws INVALID_ARGUMENT for an unknown name, and what `keyFromUri` throws
 */
export function keyWrappers(
  config: Config,
  keys: readonly (string | ConfiguredKey)[],
  options: Omit<KeyOptions, 'deadlineMs' | 'directory' | 'formerUris'> = {},
): Promise<KeyWrapper[]> {
  const wrapper = async (one: string | ConfiguredKey) => {
    const { name, uri, formerUris, directory, deadlineMs } = typeof one === 'string' ? config.key(one) : one;
    const key = await keyFromUri(uri, {
      ...options,
      formerUris,
      directory,
      deadlineMs: deadlineMs ?? config.deadlineMs,
    });
    return name === undefined ? key : Object.assign(key, { name });
  };
  return Promise.all(keys.map(wrapper));
}
