export { type KeyOptions, keyFromUri, keysFromUris, schemeOf } from './key-from-uri.js';
// For @weightseal/stores, which finds providers in the same way.
export { loadFactory, type OurProvider } from './load-factory.js';
export { type GivenToOther, type MadeByOther, madeByOther } from './made-by-other.js';
export { isModulePath } from './module-path.js';
export type { ProviderInput, ProviderModule, ProviderSource, Providers } from './other-provider.js';
export { type AnyProvider, isProvider, sourceOf } from './other-provider.js';
export {
  KEY_SCHEMES,
  type KeyFactory,
  type KeyScheme,
  OUR_SCHEMES,
  SCHEMES_BY_HOST,
  SIGNER_SCHEMES,
  type SignerScheme,
} from './providers.js';
export { schemeMeant } from './scheme-meant.js';
export { type SignerOptions, signerFromUri } from './signer-from-uri.js';
export type { Words } from './words.js';
