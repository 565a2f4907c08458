import type { Ask } from '@weightseal/storage-audit';

// Answers of the JSON API (https://cloud.google.com/storage/docs/json_api/v1/buckets), as it gives them: 64 bits as text, nothing for what was never set.

export const NAME = 'models-eu';
export const KEY = 'projects/acme/locations/europe-west3/keyRings/models/cryptoKeys/storage';

/** One that is set up right. */
export const BUCKET = {
  kind: 'storage#bucket',
  selfLink: `https://www.googleapis.com/storage/v1/b/${NAME}`,
  id: NAME,
  name: NAME,
  projectNumber: '123456789012',
  generation: '1767312000000000000',
  metageneration: '7',
  location: 'EUROPE-WEST3',
  locationType: 'region',
  storageClass: 'STANDARD',
  etag: 'CAc=',
  timeCreated: '2026-01-02T03:04:05.678Z',
  updated: '2026-02-03T04:05:06.789Z',
  encryption: { defaultKmsKeyName: KEY },
  iamConfiguration: {
    bucketPolicyOnly: { enabled: true, lockedTime: '2026-04-02T03:04:05.678Z' },
    uniformBucketLevelAccess: { enabled: true, lockedTime: '2026-04-02T03:04:05.678Z' },
    publicAccessPrevention: 'enforced',
  },
  retentionPolicy: { retentionPeriod: '2592000', effectiveTime: '2026-01-02T03:04:05.678Z', isLocked: true },
  softDeletePolicy: { retentionDurationSeconds: '604800', effectiveTime: '2026-01-02T03:04:05.678Z' },
  versioning: { enabled: true },
  logging: { logBucket: 'acme-logs', logObjectPrefix: NAME },
  lifecycle: { rule: [{ action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 7 } }] },
};

export const POLICY = {
  kind: 'storage#policy',
  resourceId: `projects/_/buckets/${NAME}`,
  version: 1,
  etag: 'CAc=',
  bindings: [
    { role: 'roles/storage.legacyBucketOwner', members: ['projectEditor:acme', 'projectOwner:acme'] },
    { role: 'roles/storage.objectViewer', members: ['serviceAccount:serve@acme.iam.gserviceaccount.com'] },
  ],
};

/** What Cloud KMS says of the key. */
export const CRYPTO_KEY = {
  name: KEY,
  primary: {
    name: `${KEY}/cryptoKeyVersions/3`,
    state: 'ENABLED',
    createTime: '2026-01-02T03:04:05.678901234Z',
    protectionLevel: 'HSM',
    algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION',
  },
  purpose: 'ENCRYPT_DECRYPT',
  createTime: '2026-01-02T03:04:05.678901234Z',
  nextRotationTime: '2026-04-02T03:04:05Z',
  rotationPeriod: '7776000s',
  versionTemplate: { protectionLevel: 'HSM', algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION' },
};

export const askingKms =
  (key: unknown = CRYPTO_KEY, status = 200): Ask =>
  async (path) => {
    if (path === `/v1/${KEY}`) return { status, body: JSON.parse(JSON.stringify(key)) as unknown };
    throw new Error(`nobody asks for ${path}`);
  };

/** A list as it comes where uniform access is off. */
export const acl = (...entities: string[]) => aclOf('READER', ...entities);
export const aclOf = (role: unknown, ...entities: string[]) =>
  entities.map((entity) => ({ kind: 'storage#objectAccessControl', entity, role, etag: 'CAc=' }));

export interface Answers {
  readonly bucket?: unknown;
  readonly policy?: unknown;
  readonly status?: number;
  readonly policyStatus?: number;
}

/** Answers just what is asked for, and nothing else. */
export function asking(answers: Answers = {}): Ask {
  const { bucket = BUCKET, policy = POLICY, status = 200, policyStatus = 200 } = answers;
  return async (path) => {
    if (path === `/storage/v1/b/${NAME}?projection=full`) return { status, body: bucket };
    if (path === `/storage/v1/b/${NAME}/iam?optionsRequestedPolicyVersion=3`)
      return { status: policyStatus, body: policy };
    throw new Error(`nobody asks for ${path}`);
  };
}

/** The bucket with some of its members replaced; undefined takes one away. */
export function bucketWith(members: object): unknown {
  return JSON.parse(JSON.stringify({ ...BUCKET, ...members }));
}
