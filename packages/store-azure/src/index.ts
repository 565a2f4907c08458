export { type AzureStoreOptions, azureLocationFromUri, createAzureStore, provider } from './azure-store.js';
export type { ConnectionOptions } from './connection.js';
