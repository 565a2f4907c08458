export { type AzureKey, type AzureKeyOptions, azureKeyFromUri, createAzureKey } from './azure-key.js';
export { type AzureSignerOptions, azureSignerFromUri, createAzureSigner } from './azure-signer.js';
export type { AzureAlgorithm } from './blob.js';
export type { AzureClients, SdkOptions } from './sdk-clients.js';
