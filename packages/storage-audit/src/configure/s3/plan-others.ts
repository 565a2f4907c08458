import type { LifecycleRule } from '@aws-sdk/client-s3';
import { missingFlags } from '../../s3/checks/block-public-access.js';
import { isOfAll } from '../../s3/checks/incomplete-uploads.js';
import { type Asked, change, kept, type Piece, refused } from '../pieces.js';
import type { Json } from '../types.js';
import type { S3Read } from './read.js';
import { WAYS } from './settings.js';

type Members = Readonly<Record<string, Json>>;

const VERSIONING = 's3/versioning';
const LIFECYCLE = 's3/incomplete-uploads';
const BLOCK = 's3/block-public-access';

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
