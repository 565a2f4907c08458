import type { Check, Severity } from '../types.js';

const even = (severity: Severity) => ({ plain: severity, sealed: severity });

export type AzureCheck =
  | 'key'
  | 'keyVersion'
  | 'infrastructure'
  | 'secureTransfer'
  | 'minimumTls'
  | 'publicBlobs'
  | 'publicContainer'
  | 'sharedKey'
  | 'immutability'
  | 'softDelete'
  | 'versioning'
  | 'logging';

/** What is asked of a storage account of Azure, and of a container in it where one is named. */
export const CHECKS: Readonly<Record<AzureCheck, Check>> = {
  key: {
    id: 'azure/customer-key',
    title: 'The account is encrypted with a key of your own',
    why: 'Without one Microsoft holds the keys: nobody can disable them, and no log of yours says who used them.',
    whenSealed:
      'The weights are ciphertext already, and the keys that open them are yours. It still covers what lies beside them, and is one more switch that cuts everybody off.',
    severity: { plain: 'high', sealed: 'low' },
  },
  keyVersion: {
    id: 'azure/key-version',
    title: 'The account follows the rotation of its key',
    why: 'An account that names one version of its key stays with it when the key is rotated, and cannot be read once that version is disabled.',
    whenSealed: 'The slots of sealed objects have versions of their own; this one is that of the account.',
    severity: { plain: 'medium', sealed: 'low' },
  },
  infrastructure: {
    id: 'azure/infrastructure-encryption',
    title: 'Infrastructure encryption is on',
    why: 'A second layer, under keys of Microsoft, holds where the first one is broken or misused.',
    whenSealed: 'Sealing is such a second layer, under keys of yours.',
    severity: { plain: 'low', sealed: 'info' },
  },
  secureTransfer: {
    id: 'azure/secure-transfer',
    title: 'Requests without TLS are refused',
    why: 'Without TLS the network reads the model and what authorises the request, and can change both.',
    whenSealed:
      'The network reads and changes ciphertext only, which opening refuses once it is changed. What authorises requests still crosses it.',
    severity: { plain: 'high', sealed: 'medium' },
  },
  minimumTls: {
    id: 'azure/minimum-tls',
    title: 'TLS before 1.2 is refused',
    why: 'RFC 8996 has forbidden TLS 1.0 and 1.1: whoever stands between can weaken them.',
    whenSealed: 'What goes over the wire is ciphertext; what authorises requests is not.',
    severity: { plain: 'medium', sealed: 'low' },
  },
  publicBlobs: {
    id: 'azure/public-blobs',
    title: 'No container can be opened to everybody',
    why: 'One setting of a container publishes what lies in it. Where the account forbids it no container can.',
    whenSealed: 'What is published is ciphertext; what is not sealed beside it is published too.',
    severity: { plain: 'high', sealed: 'medium' },
  },
  publicContainer: {
    id: 'azure/public-container',
    title: 'The container is not open to everybody',
    why: 'Whoever has the address reads what lies in it, without an account.',
    whenSealed: 'Readers get ciphertext. Nobody can write by it.',
    severity: { plain: 'critical', sealed: 'medium' },
  },
  sharedKey: {
    id: 'azure/shared-key',
    title: 'Shared keys are refused',
    why: 'The two keys of an account give all rights to whoever has one, no log tells who that was, and signatures made with them cannot be seen or taken back one by one.',
    whenSealed: 'Whoever has a key reads ciphertext, and can replace or delete it.',
    severity: even('medium'),
  },
  immutability: {
    id: 'azure/immutability',
    title: 'Blobs cannot be deleted or replaced before a time',
    why: 'Whoever gets the rights of a writer, or a slip of a script, removes models otherwise. A policy that is not locked can be removed itself.',
    whenSealed: 'Sealing does not keep anybody from deleting.',
    severity: even('medium'),
  },
  softDelete: {
    id: 'azure/soft-delete',
    title: 'Deleted blobs and containers can be restored for a time',
    why: 'What is deleted or replaced is gone otherwise.',
    whenSealed: 'Sealing does not keep anybody from deleting. What is kept is ciphertext too.',
    severity: even('medium'),
  },
  versioning: {
    id: 'azure/versioning',
    title: 'Old versions of blobs are kept',
    why: 'A blob that is replaced is gone otherwise.',
    whenSealed:
      'Sealing shows that a blob was replaced, and does not bring it back. A rewrap leaves old versions under the keys that they had.',
    severity: even('medium'),
  },
  logging: {
    id: 'azure/logging',
    title: 'Reads, writes and deletes of blobs are logged',
    why: 'Without a log nobody can say who has read or replaced a model.',
    whenSealed:
      'The logs of the keys say who has opened a model, and not who has copied or replaced what is sealed.',
    severity: even('low'),
  },
};
