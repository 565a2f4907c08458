export type { GcsClient, GcsClientOptions } from './connection.js';
export { createGcsStore, type GcsStoreOptions, gcsLocationFromUri, provider } from './gcs-store.js';
