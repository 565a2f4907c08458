export { type GcsClient, type GcsClientOptions, type GcsTokens, gcsTokens } from './connection.js';
export { createGcsStore, type GcsStoreOptions, gcsLocationFromUri, provider } from './gcs-store.js';
