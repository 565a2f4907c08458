import type { Policy } from './document.js';
import { matches, patternOf } from './pattern.js';

/** What can be asked; whether it is about an object, and not about the bucket itself. */
export type Action = readonly [name: string, ofObject: boolean];

const all = (ofObject: boolean, names: string): readonly Action[] =>
  names
    .trim()
    .split(/\s+/)
    .map((name) => [`s3:${name}`, ofObject] as const);

/**
 * Everything that S3 does with a bucket or an object, what is asked for most often first. By
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
export const ACTIONS: readonly Action[] = [
  ...all(
    true,
    `GetObject GetObjectVersion GetObjectAttributes GetObjectVersionAttributes GetObjectAcl GetObjectVersionAcl GetObjectTagging
    GetObjectVersionTagging GetObjectRetention GetObjectLegalHold GetObjectTorrent GetObjectVersionTorrent
    GetObjectVersionForReplication ListMultipartUploadParts
    PutObject DeleteObject DeleteObjectVersion PutObjectAcl PutObjectVersionAcl BypassGovernanceRetention PutObjectRetention
    PutObjectLegalHold PutObjectTagging PutObjectVersionTagging DeleteObjectTagging DeleteObjectVersionTagging
    AbortMultipartUpload RestoreObject ReplicateObject ReplicateDelete ReplicateTags InitiateReplication
    ObjectOwnerOverrideToBucketOwner UpdateObjectEncryption`,
  ),
  ...all(
    false,
    `ListBucket ListBucketVersions ListBucketMultipartUploads ListTagsForResource GetBucketLocation GetBucketAcl GetBucketPolicy
    GetBucketPolicyStatus GetBucketPublicAccessBlock GetBucketOwnershipControls GetBucketVersioning
    GetBucketObjectLockConfiguration GetBucketLogging GetBucketNotification GetBucketCORS GetBucketWebsite GetBucketTagging
    GetBucketRequestPayment GetBucketAbac GetBucketMetadataTableConfiguration GetEncryptionConfiguration
    GetLifecycleConfiguration GetReplicationConfiguration GetInventoryConfiguration GetAnalyticsConfiguration
    GetMetricsConfiguration GetIntelligentTieringConfiguration GetAccelerateConfiguration
    PutBucketPolicy DeleteBucketPolicy PutBucketAcl PutBucketPublicAccessBlock PutBucketOwnershipControls
    PutEncryptionConfiguration PutLifecycleConfiguration PutReplicationConfiguration PutBucketVersioning
    PutBucketObjectLockConfiguration PutBucketLogging PutBucketNotification PutBucketCORS PutBucketWebsite
    DeleteBucketWebsite PutBucketTagging PutBucketRequestPayment PutBucketAbac PutInventoryConfiguration
    PutAnalyticsConfiguration PutMetricsConfiguration PutIntelligentTieringConfiguration PutAccelerateConfiguration
    CreateBucketMetadataTableConfiguration DeleteBucketMetadataTableConfiguration
    UpdateBucketMetadataInventoryTableConfiguration UpdateBucketMetadataJournalTableConfiguration
    TagResource UntagResource CreateBucket DeleteBucket`,
  ),
];

const KNOWN: ReadonlySet<string> = new Set(ACTIONS.map(([name]) => name.toLowerCase()));

/** Whatever S3 may learn to do. */
export const TO_COME: readonly Action[] = [
  ['s3:OtherAction', true],
  ['s3:OtherAction', false],
];

/** Those that the Allows of a policy name, and are in no list here: what they are about is not known. Of a pattern, one that it has. */
export function allowedBeyond({ statements }: Policy): readonly Action[] {
  const named = statements
    .filter(({ effect, actions }) => effect === 'Allow' && !actions.not)
    .flatMap(({ actions }) => actions.patterns)
    .filter((pattern) => !hasKnown(pattern))
    .map((pattern) => pattern.replace(/[*?]/g, 'x'));
  return [...new Set(named)].flatMap((name): Action[] => [
    [name, true],
    [name, false],
  ]);
}

function hasKnown(pattern: string): boolean {
  const lower = pattern.toLowerCase();
  if (!/[*?]/.test(lower)) return KNOWN.has(lower);
  const tokens = patternOf(lower);
  return [...KNOWN].some((name) => matches(tokens, name));
}

/** All that does anything but to tell is writing. */
export function isReading(action: string): boolean {
  return /^s3:(?:Get|List|Head)/i.test(action);
}
