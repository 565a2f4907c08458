export type { PassphraseSource } from './given-passphrase.js';
export { generateKeyFile } from './key-store.js';
export { createLocalKey, type LocalKey, type LocalKeyOptions, localKeyFromUri } from './local-key.js';
export { createPassphraseKey, type PassphraseKeyOptions } from './passphrase-key.js';
export { type PassphraseUriOptions, passphraseKeyFromUri } from './passphrase-source.js';
export { type GeneratedPemKey, generatePemKey } from './pem-file.js';
export {
  createPemSigner,
  type PemSignerOptions,
  type PemUriOptions,
  pemSignerFromUri,
} from './pem-signer.js';
export type { ScryptParameters } from './scrypt-parameters.js';
export { weaknessOf } from './weak-passphrase.js';
