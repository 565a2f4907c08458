export { type AzureStoreOptions, azureLocationFromUri, createAzureStore, provider } from './azure-store.js';
export type { AzureSecret, ConnectionOptions } from './connection.js';
