import type { Check, Severity } from '../types.js';

const even = (severity: Severity) => ({ plain: severity, sealed: severity });

export type GcsCheck =
  | 'key'
  | 'keyEnabled'
  | 'keyRotation'
  | 'uniform'
  | 'prevention'
  | 'bindings'
  | 'acls'
  | 'retention'
  | 'locked'
  | 'softDelete'
  | 'versioning'
  | 'logging'
  | 'lifecycle';

/** What is asked of a bucket of Google Cloud Storage. */
export const CHECKS: Readonly<Record<GcsCheck, Check>> = {
  key: {
    id: 'gcs/default-key',
    title: 'New objects are encrypted with a key of your own',
    why: 'Without one Google holds the keys: nobody can disable them, and no log of yours says who used them.',
    whenSealed:
      'The weights are ciphertext already, and the keys that open them are yours. It still covers what lies beside them, and is one more switch that cuts everybody off.',
    severity: { plain: 'high', sealed: 'low' },
  },
  keyEnabled: {
    id: 'gcs/default-key-enabled',
    title: 'The default key is enabled',
    why: 'While its primary version is not enabled nothing can be written; what it has encrypted cannot be read once that is disabled or destroyed.',
    whenSealed: 'The keys that sealed objects name are others; without this one nobody gets at the bytes.',
    severity: { plain: 'high', sealed: 'high' },
  },
  keyRotation: {
    id: 'gcs/default-key-rotation',
    title: 'The default key is rotated',
    why: 'The longer one version encrypts everything, the more is open to whoever gets it.',
    whenSealed:
      'What it encrypts is ciphertext already. The keys that sealed objects name have rotations of their own.',
    severity: { plain: 'medium', sealed: 'low' },
  },
  uniform: {
    id: 'gcs/uniform-access',
    title: 'Access is decided by IAM alone',
    why: 'Access control lists of single objects open them beside the policy of the bucket, and no audit of the bucket sees them.',
    whenSealed: 'Whoever is let in by a list reads ciphertext, and may replace or delete it.',
    severity: { plain: 'high', sealed: 'medium' },
  },
  prevention: {
    id: 'gcs/public-access-prevention',
    title: 'Public access is prevented',
    why: 'One binding for everybody publishes all that lies there. With this in force no binding can.',
    whenSealed:
      'What is published is ciphertext; the traffic is still paid, and what is not sealed beside it is published too.',
    severity: { plain: 'high', sealed: 'medium' },
  },
  bindings: {
    id: 'gcs/public-bindings',
    title: 'No IAM binding is for everybody',
    why: 'allUsers is whoever has the address, allAuthenticatedUsers whoever has any Google account.',
    whenSealed:
      'Readers get ciphertext. Writers and administrators can replace or delete it: sealing shows that, and does not prevent it.',
    severity: { plain: 'critical', sealed: 'medium' },
  },
  acls: {
    id: 'gcs/public-acls',
    title: 'No access control list of the bucket is for everybody',
    why: 'A list opens the bucket, or each new object in it, beside what IAM says.',
    whenSealed: 'Readers get ciphertext. Writers can replace or delete it.',
    severity: { plain: 'critical', sealed: 'medium' },
  },
  retention: {
    id: 'gcs/retention',
    title: 'Objects cannot be deleted or replaced before a time',
    why: 'Whoever gets the rights of a writer, or a slip of a script, removes models otherwise.',
    whenSealed: 'Sealing does not keep anybody from deleting.',
    severity: even('medium'),
  },
  locked: {
    id: 'gcs/retention-locked',
    title: 'The retention policy is locked',
    why: 'One that is not can be removed by whoever administers the bucket, and then the objects.',
    whenSealed: 'Sealing does not keep anybody from deleting.',
    severity: even('low'),
  },
  softDelete: {
    id: 'gcs/soft-delete',
    title: 'What is deleted can be restored for a time',
    why: 'Soft delete brings back what was deleted or replaced, also with a bucket.',
    whenSealed: 'Sealing does not keep anybody from deleting. What is kept is ciphertext too.',
    severity: even('medium'),
  },
  versioning: {
    id: 'gcs/versioning',
    title: 'Old versions of objects are kept',
    why: 'An object that is replaced or deleted is gone otherwise.',
    whenSealed:
      'Sealing shows that an object was replaced, and does not bring it back. A rewrap leaves old versions under the keys that they had.',
    severity: even('medium'),
  },
  logging: {
    id: 'gcs/logging',
    title: 'Accesses are logged',
    why: 'Without a log nobody can say who has read or replaced a model.',
    whenSealed:
      'The logs of the keys say who has opened a model, and not who has copied or replaced what is sealed.',
    severity: even('low'),
  },
  lifecycle: {
    id: 'gcs/incomplete-uploads',
    title: 'Uploads that are not completed are dropped',
    why: 'Parts of XML API uploads stay until somebody gives them up: nobody sees them, and they are paid for.',
    whenSealed: 'They hold sealed bytes; they are still paid for.',
    severity: even('low'),
  },
};
