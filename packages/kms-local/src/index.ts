export { generateKeyFile } from './key-store.js';
export { createLocalKey, type LocalKey, type LocalKeyOptions, localKeyFromUri } from './local-key.js';
export { createPassphraseKey, type PassphraseKeyOptions, type PassphraseSource } from './passphrase-key.js';
export { type PassphraseUriOptions, passphraseKeyFromUri } from './passphrase-source.js';
export type { ScryptParameters } from './scrypt-parameters.js';
export { weaknessOf } from './weak-passphrase.js';
