import type { protos } from '@google-cloud/kms';

type V1 = typeof protos.google.cloud.kms.v1;
type Message<N extends keyof V1> = V1[N] extends { create(properties?: infer P): unknown }
  ? NonNullable<P>
  : never;

/** The methods of KeyManagementService that are called, by their names in the SDK. */
export interface Calls {
  encrypt: { request: Message<'EncryptRequest'>; answer: Message<'EncryptResponse'> };
  decrypt: { request: Message<'DecryptRequest'>; answer: Message<'DecryptResponse'> };
  getCryptoKey: { request: Message<'GetCryptoKeyRequest'>; answer: Message<'CryptoKey'> };
  getCryptoKeyVersion: {
    request: Message<'GetCryptoKeyVersionRequest'>;
    answer: Message<'CryptoKeyVersion'>;
  };
  createCryptoKeyVersion: {
    request: Message<'CreateCryptoKeyVersionRequest'>;
    answer: Message<'CryptoKeyVersion'>;
  };
  updateCryptoKeyPrimaryVersion: {
    request: Message<'UpdateCryptoKeyPrimaryVersionRequest'>;
    answer: Message<'CryptoKey'>;
  };
  getPublicKey: { request: Message<'GetPublicKeyRequest'>; answer: Message<'PublicKey'> };
  asymmetricSign: { request: Message<'AsymmetricSignRequest'>; answer: Message<'AsymmetricSignResponse'> };
  updateCryptoKey: { request: Message<'UpdateCryptoKeyRequest'>; answer: Message<'CryptoKey'> };
}

export type Operation = keyof Calls;

export interface OperationFacts {
  /** The IAM permission that it takes, and the role of Google's for those who need it: sealing decrypts as well. */
  readonly permission: string;
  readonly role: string;
  /** The field that routes the request: the method's google.api.http rule. */
  readonly routedBy: 'name' | 'parent' | 'crypto_key.name';
  /** Whether it may have happened and be asked for once more. */
  readonly repeatable: boolean;
}

const ADMIN = 'roles/cloudkms.admin';
/** Of the two that let sign, the one that tells the public key too. */
const SIGNER = 'roles/cloudkms.signerVerifier';
const VIEWER = 'roles/cloudkms.viewer';

export const OPERATIONS: Readonly<Record<Operation, OperationFacts>> = {
  encrypt: {
    permission: 'cloudkms.cryptoKeyVersions.useToEncrypt',
    role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
    routedBy: 'name',
    repeatable: true,
  },
  decrypt: {
    permission: 'cloudkms.cryptoKeyVersions.useToDecrypt',
    role: 'roles/cloudkms.cryptoKeyDecrypter',
    routedBy: 'name',
    repeatable: true,
  },
  getCryptoKey: {
    permission: 'cloudkms.cryptoKeys.get',
    role: VIEWER,
    routedBy: 'name',
    repeatable: true,
  },
  getCryptoKeyVersion: {
    permission: 'cloudkms.cryptoKeyVersions.get',
    role: VIEWER,
    routedBy: 'name',
    repeatable: true,
  },
  getPublicKey: {
    permission: 'cloudkms.cryptoKeyVersions.viewPublicKey',
    role: SIGNER,
    routedBy: 'name',
    repeatable: true,
  },
  asymmetricSign: {
    permission: 'cloudkms.cryptoKeyVersions.useToSign',
    role: SIGNER,
    routedBy: 'name',
    repeatable: true,
  },
  createCryptoKeyVersion: {
    permission: 'cloudkms.cryptoKeyVersions.create',
    role: ADMIN,
    routedBy: 'parent',
    repeatable: false,
  },
  updateCryptoKeyPrimaryVersion: {
    permission: 'cloudkms.cryptoKeys.update',
    role: ADMIN,
    routedBy: 'name',
    repeatable: true,
  },
  updateCryptoKey: {
    permission: 'cloudkms.cryptoKeys.update',
    role: ADMIN,
    routedBy: 'crypto_key.name',
    repeatable: true,
  },
};
