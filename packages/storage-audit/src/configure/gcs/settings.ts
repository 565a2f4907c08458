import { at, STRANGE } from '../../gcs/members.js';
import type { Json } from '../types.js';

/** In the order in which they are changed: members are taken out before the prevention hides whom they let in, and are put back after it. */
export const SETTINGS = [
  'encryption',
  'versioning',
  'soft-delete',
  'lifecycle',
  'uniform-access',
  'iam-policy',
  'public-access-prevention',
] as const;
export type Setting = (typeof SETTINGS)[number];
/** All but the policy are members of the bucket itself. */
export type OfBucket = Exclude<Setting, 'iam-policy'>;

const IAM = 'iamConfiguration';

interface Ways {
  /** From member to member. */
  readonly path: readonly string[];
}

/** Where each stands in the bucket. https://cloud.google.com/storage/docs/json_api/v1/buckets#resource */
const WAYS: Readonly<Record<OfBucket, Ways>> = {
  encryption: { path: ['encryption', 'defaultKmsKeyName'] },
  versioning: { path: ['versioning', 'enabled'] },
  'soft-delete': { path: ['softDeletePolicy', 'retentionDurationSeconds'] },
  lifecycle: { path: ['lifecycle'] },
  'uniform-access': { path: [IAM, 'uniformBucketLevelAccess', 'enabled'] },
  'public-access-prevention': { path: [IAM, 'publicAccessPrevention'] },
};

/** Undefined for what is not what the API has. */
export function valueIn(bucket: unknown, setting: OfBucket): Json | undefined {
  const found = at(bucket, ...WAYS[setting].path);
  if (found === STRANGE) return undefined;
  return found === undefined ? null : (found as Json);
}

/** For PATCH, which leaves alone what is not named. */
export function patchOf(setting: OfBucket, value: Json): Json {
  return WAYS[setting].path.reduceRight<Json>((inner, name) => ({ [name]: inner }), value);
}
