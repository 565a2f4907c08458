import { checkKinds, type KeyWrapper, WeightsealError } from '@weightseal/core';
import { type KeyOptions, keyFromUri, type Providers } from '@weightseal/keys';
import type { Config, ConfiguredKey } from './config.js';
import { namedKey } from './named-key.js';

const KINDS = {
  prompt: 'function',
  allowKeyOfOthers: 'boolean',
  allowWeakPassphrase: 'boolean',
  providers: 'object',
} as const;

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
  checkKinds(options, 'keyWrappers', KINDS, []);
  if (typeof config?.key !== 'function' || !Array.isArray(keys) || !keys.every(isKey)) {
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'keyWrappers takes a configuration, as loadConfig gives it, and an array of keys: names, URIs, or what keysToSeal and keysToOpen gave.',
    );
  }
  const providers = [config.given, options.providers ?? {}].reduce<Providers>(
    laidOver,
    Object.fromEntries(config.providers),
  );
  const wrapper = async (one: string | ConfiguredKey) => {
    const { name, uri, formerUris, directory, deadlineMs } = typeof one === 'string' ? config.key(one) : one;
    const key = await keyFromUri(uri, {
      ...options,
      providers,
      formerUris,
      directory,
      deadlineMs: deadlineMs ?? config.deadlineMs,
    });
    return name === undefined ? key : namedKey(key, name);
  };
  return Promise.all(keys.map(wrapper));
}

function isKey(one: unknown): boolean {
  if (typeof one === 'string') return true;
  return typeof one === 'object' && one !== null && typeof (one as Partial<ConfiguredKey>).uri === 'string';
}

/** By scheme; what has `options` alone goes to the provider that the configuration names. */
export function laidOver(under: Providers, over: Providers): Providers {
  const entries = Object.entries(over).map(([scheme, given]) => {
    const below = Object.hasOwn(under, scheme) ? under[scheme] : undefined;
    if (!isOptionsOnly(given) || typeof below !== 'object') return [scheme, given];
    const { options } = below as { readonly options?: object };
    return [scheme, { ...below, options: { ...options, ...given.options } }];
  });
  return { ...under, ...Object.fromEntries(entries) };
}

function isOptionsOnly(given: unknown): given is { readonly options: object } {
  return typeof given === 'object' && given !== null && Object.keys(given).join() === 'options';
}
