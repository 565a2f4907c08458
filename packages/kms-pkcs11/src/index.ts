export type { AccessOptions, Pkcs11KeyOptions, TokenOptions } from './options.js';
export type { Pin } from './pin.js';
export { createPkcs11Key, type Pkcs11Key, pkcs11KeyFromUri } from './pkcs11-key.js';
export { createPkcs11Signer, type Pkcs11SignerOptions, pkcs11SignerFromUri } from './pkcs11-signer.js';
