export { type KeyOptions, keyFromUri, keysFromUris, schemeOf } from './key-from-uri.js';
export { isModulePath } from './module-path.js';
export type { ProviderInput, ProviderModule, ProviderSource, Providers } from './other-provider.js';
export { isProvider } from './other-provider.js';
export { KEY_SCHEMES, type KeyFactory, type KeyScheme, SCHEMES_BY_HOST } from './providers.js';
export { schemeMeant } from './scheme-meant.js';
