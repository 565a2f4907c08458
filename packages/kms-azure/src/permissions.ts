import { isManagedHsm, type KeyName } from './uri.js';

/** What is asked of the service, in the words of the access policies. */
export type Operation =
  | 'get'
  | 'wrapKey'
  | 'unwrapKey'
  | 'encrypt'
  | 'decrypt'
  | 'sign'
  | 'rotate'
  | 'getRotationPolicy'
  | 'setRotationPolicy';

interface Permission {
  readonly action: string;
  /** The least built-in role that has it. */
  readonly role: string;
}

const onVault = (action: string, role: string): Permission => ({
  action: `Microsoft.KeyVault/vaults/${action}`,
  role: `Key Vault ${role}`,
});
const onHsm = (action: string, role: string): Permission => ({
  action: `Microsoft.KeyVault/managedHsm/${action}`,
  role: `Managed HSM ${role}`,
});

const SERVICE = 'Crypto Service Encryption User';

/** https://learn.microsoft.com/azure/key-vault/general/rbac-guide */
const vaultPermissions: Readonly<Record<Operation, Permission>> = {
  get: onVault('keys/read', SERVICE),
  wrapKey: onVault('keys/wrap/action', SERVICE),
  unwrapKey: onVault('keys/unwrap/action', SERVICE),
  encrypt: onVault('keys/encrypt/action', 'Crypto User'),
  decrypt: onVault('keys/decrypt/action', 'Crypto User'),
  sign: onVault('keys/sign/action', 'Crypto User'),
  rotate: onVault('keys/rotate/action', 'Crypto Officer'),
  getRotationPolicy: onVault('keyrotationpolicies/read', 'Crypto Officer'),
  setRotationPolicy: onVault('keyrotationpolicies/write', 'Crypto Officer'),
};

/** https://learn.microsoft.com/azure/key-vault/managed-hsm/built-in-roles */
const hsmPermissions: Readonly<Record<Operation, Permission>> = {
  get: onHsm('keys/read/action', SERVICE),
  wrapKey: onHsm('keys/wrap/action', SERVICE),
  unwrapKey: onHsm('keys/unwrap/action', SERVICE),
  encrypt: onHsm('keys/encrypt/action', 'Crypto User'),
  decrypt: onHsm('keys/decrypt/action', 'Crypto User'),
  sign: onHsm('keys/sign/action', 'Crypto User'),
  rotate: onHsm('keys/rotate/action', 'Crypto User'),
  getRotationPolicy: onHsm('keys/read/action', 'Crypto User'),
  setRotationPolicy: onHsm('keys/write/action', 'Crypto User'),
};

/** The permission that the operation needs, as a sentence says it. */
export function permissionFor(operation: Operation, key: KeyName): string {
  const hsm = isManagedHsm(key);
  const { action, role } = (hsm ? hsmPermissions : vaultPermissions)[operation];
  return hsm
    ? `${action} (local role ${role})`
    : `${action} (role ${role}), or with access policies the key permission ${operation}`;
}
