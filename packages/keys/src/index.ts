export { type KeyOptions, keyFromUri, keysFromUris, schemeOf } from './key-from-uri.js';
export { KEY_SCHEMES, type KeyScheme } from './providers.js';
