export { isStoreUri } from '@weightseal/core';
export { type LocationOptions, locationFromUri, storeSchemeOf } from './location-from-uri.js';
export { STORE_SCHEMES, type StoreScheme } from './providers.js';
export { storeMeant } from './scheme-meant.js';
export type { StoreInput, Stores } from './stores.js';
export { OF_STORES } from './words.js';
