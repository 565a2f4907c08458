import { defineStore, type StoreLocation, type StoreProvider, splitStoreUri } from '@weightseal/core';
import { createHttpStore } from './http-store.js';
import { type HttpStoreOptions, KINDS } from './options.js';

/**
 * The place that `https://host[:port]/path` names; `http:` for this machine only.
 *
 * @throws STORE_URI_INVALID, INVALID_ARGUMENT
 */
export function httpLocationFromUri(uri: string, options: HttpStoreOptions = {}): StoreLocation {
  const scheme = uri.startsWith('http:') ? 'http' : 'https';
  const { authority, key } = splitStoreUri(uri, scheme, { authority: 'host' });
  return { store: createHttpStore(`${scheme}://${authority}`, options), key };
}

const NAMES = Object.keys(KINDS) as (keyof HttpStoreOptions)[];

/** Stores of `https:`. */
export const provider: StoreProvider = defineStore<HttpStoreOptions>({
  scheme: 'https',
  options: NAMES,
  fromUri: httpLocationFromUri,
});

/** Stores of `http:`, on this machine. */
export const plainProvider: StoreProvider = defineStore<HttpStoreOptions>({
  scheme: 'http',
  options: NAMES,
  fromUri: httpLocationFromUri,
});
