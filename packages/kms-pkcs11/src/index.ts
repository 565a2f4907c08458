export type { AccessOptions, Pkcs11KeyOptions, TokenOptions } from './options.js';
export type { Pin } from './pin.js';
export { createPkcs11Key, type Pkcs11Key, pkcs11KeyFromUri } from './pkcs11-key.js';
