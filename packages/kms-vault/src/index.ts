export type { VaultTls } from './connection.js';
export { createVaultKey, type VaultKey, type VaultKeyOptions, vaultKeyFromUri } from './vault-key.js';
export { createVaultSigner, type VaultSignerOptions, vaultSignerFromUri } from './vault-signer.js';
