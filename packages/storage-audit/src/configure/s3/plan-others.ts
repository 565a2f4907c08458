import type { LifecycleRule } from '@aws-sdk/client-s3';
import { isWeightsealError } from '@weightseal/core';
import { missingFlags } from '../../s3/checks/block-public-access.js';
import { isOfAll } from '../../s3/checks/incomplete-uploads.js';
import { parsePolicy } from '../../s3/policy/parse.js';
import { publicGrants } from '../../s3/policy/public.js';
import { type Asked, change, kept, type Piece, refused } from '../pieces.js';
import type { Json } from '../types.js';
import type { S3Read } from './read.js';
import { WAYS } from './settings.js';

type Members = Readonly<Record<string, Json>>;

const OWNERSHIP = 's3/object-ownership';
const VERSIONING = 's3/versioning';
const LIFECYCLE = 's3/incomplete-uploads';
const BLOCK = 's3/block-public-access';

/** Without ACLs the bucket owns what others have uploaded, and its policy counts for that: so a policy that is open would open more. */
export function planOwnership(read: S3Read, asked: Asked): readonly Piece[] {
  const { others, settings } = read;
  const setting = settings['object-ownership'];
  if (!asked.wants(OWNERSHIP)) return [];
  if ('unread' in setting) return refused([OWNERSHIP], setting.unread);
  const now = (setting.value as { readonly Rules?: readonly { readonly ObjectOwnership?: string }[] } | null)
    ?.Rules?.[0]?.ObjectOwnership;
  if (now === 'BucketOwnerEnforced') return kept(OWNERSHIP);
  if ('unread' in others) return refused([OWNERSHIP], others.unread);
  if (others.value > 0)
    return refused(
      [OWNERSHIP],
      `The ACL of the bucket names ${others.value} beside its owner, who would be locked out: grant by the policy what they need, and take them out.`,
    );
  const open = openBy(read);
  if (open !== undefined) return refused([OWNERSHIP], open);
  return [
    change({
      setting: 'object-ownership',
      checks: [OWNERSHIP],
      now: now ?? 'none is set',
      later: 'BucketOwnerEnforced',
      before: setting.value,
      after: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      permissions: [WAYS['object-ownership'].permissions.put],
      undo:
        setting.value === null ? 'DeleteBucketOwnershipControls' : 'PutBucketOwnershipControls, as it was',
      note: 'The ACLs of single objects, which were not read, do not count from then on, and uploads that name another one than bucket-owner-full-control are refused.',
    }),
  ];
}

/** Why nobody may rely on the policy for what it did not reach; undefined where it grants nothing to strangers. */
function openBy({ settings: { policy }, arn }: S3Read): string | undefined {
  if ('unread' in policy) return policy.unread;
  if (policy.value === null) return undefined;
  if ('unread' in arn) return arn.unread;
  try {
    const [grant] = publicGrants(parsePolicy(policy.value as string), arn.value);
    return (
      grant &&
      `The policy grants ${grant.action} to strangers, and would do so for objects that others own now. Close it first.`
    );
  } catch (error) {
    if (isWeightsealError(error)) return error.message;
    throw error;
  }
}

export function planVersioning({ settings: { versioning } }: S3Read, asked: Asked): readonly Piece[] {
  if (!asked.wants(VERSIONING)) return [];
  if ('unread' in versioning) return refused([VERSIONING], versioning.unread);
  const { Status: now, MFADelete: mfa } = (versioning.value ?? {}) as Members;
  if (now === 'Enabled') return kept(VERSIONING);
  if (mfa === 'Enabled')
    return refused([VERSIONING], 'MFA delete is on, and S3 takes a change of versioning only with its code.');
  return [
    change({
      setting: 'versioning',
      checks: [VERSIONING],
      now: now === undefined ? 'never enabled' : 'suspended',
      later: 'enabled',
      before: versioning.value,
      after: { ...(versioning.value as Members | null), Status: 'Enabled' },
      back: { ...(versioning.value as Members | null), Status: 'Suspended' },
      permissions: [WAYS.versioning.permissions.put],
      undo: 'PutBucketVersioning, Suspended: S3 knows no way back to never',
      note: 'What is overwritten and deleted stays, and is paid for, until a lifecycle rule removes it.',
    }),
  ];
}

const DAYS = 7;
const RULE_ID = 'weightseal-abort-incomplete-uploads';

export function planLifecycle({ settings: { lifecycle } }: S3Read, asked: Asked): readonly Piece[] {
  if (!asked.wants(LIFECYCLE)) return [];
  if ('unread' in lifecycle) return refused([LIFECYCLE], lifecycle.unread);
  const { Rules: rules = [], ...others } = (lifecycle.value ?? {}) as {
    readonly Rules?: readonly (LifecycleRule & Members)[];
  };
  const isWhole = (rule: LifecycleRule): boolean =>
    rule.Status === 'Enabled' &&
    rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation !== undefined &&
    isOfAll(rule);
  if (rules.some(isWhole)) return kept(LIFECYCLE);
  if (rules.some(({ ID }) => ID === RULE_ID))
    return refused([LIFECYCLE], `A rule that is named ${RULE_ID} does something else. Look into it.`);
  // S3 takes no rules of the older form beside those of the newer.
  const isOld = rules.length > 0 && rules.every(({ Filter }) => Filter === undefined);
  const rule = {
    ID: RULE_ID,
    Status: 'Enabled',
    ...(isOld ? { Prefix: '' } : { Filter: { Prefix: '' } }),
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: DAYS },
  };
  return [
    change({
      setting: 'lifecycle',
      checks: [LIFECYCLE],
      now:
        rules.length === 0
          ? 'no rules'
          : `${rules.length} rules, none of which removes all uploads that never end`,
      later: `${rules.length === 0 ? '' : 'the same, and '}one that removes them after ${DAYS} days`,
      before: lifecycle.value,
      after: { ...others, Rules: [...rules, rule] } as unknown as Json,
      permissions: [WAYS.lifecycle.permissions.put],
      undo: lifecycle.value === null ? 'DeleteBucketLifecycle' : 'PutBucketLifecycleConfiguration, as it was',
      note: `An upload that is gone on with after ${DAYS} days begins anew.`,
    }),
  ];
}

const FLAGS = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

export function planPublicAccess(read: S3Read, asked: Asked): readonly Piece[] {
  if (!asked.wants(BLOCK)) return [];
  const setting = read.settings['public-access-block'];
  if ('unread' in setting) return refused([BLOCK], setting.unread);
  const missing = missingFlags((setting.value ?? undefined) as Partial<typeof FLAGS> | undefined);
  if (missing.length === 0 || read.blockedByAccount) return kept(BLOCK);
  return [
    change({
      setting: 'public-access-block',
      checks: [BLOCK],
      now: `${missing.join(', ')} off`,
      later: 'all four on',
      before: setting.value,
      after: { ...(setting.value as Members | null), ...FLAGS },
      permissions: [WAYS['public-access-block'].permissions.put],
      undo: setting.value === null ? 'DeletePublicAccessBlock' : 'PutPublicAccessBlock, as it was',
      note: 'Whoever reads without credentials, or from another account by a policy that is public, is refused from then on.',
    }),
  ];
}
