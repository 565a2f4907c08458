export type { VaultTls } from './connection.js';
export { createVaultKey, type VaultKey, type VaultKeyOptions, vaultKeyFromUri } from './vault-key.js';
