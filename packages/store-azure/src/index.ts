export { type AzureStoreOptions, azureLocationFromUri, createAzureStore, provider } from './azure-store.js';
export type { AzureSecret, ConnectionOptions } from './connection.js';
export { type AzureTokens, azureTokens, type ManagementOptions } from './management-token.js';
