export { httpLocationFromUri, plainProvider, provider } from './http-location.js';
export { createHttpStore } from './http-store.js';
export type { HttpSecret, HttpStoreOptions, HttpTls, HttpTlsFiles, TlsPem } from './options.js';
export { readWhole } from './whole.js';
