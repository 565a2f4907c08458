export { type KeyOptions, keyFromUri, keysFromUris, schemeOf } from './key-from-uri.js';
export { KEY_SCHEMES, type KeyScheme, SCHEMES_BY_HOST } from './providers.js';
