import { isKms } from '../../s3/check.js';
import { isSameKey } from '../../s3/key-facts.js';
import { type Asked, change, kept, type Piece, refused, withoutKey } from '../pieces.js';
import type { Json } from '../types.js';
import type { S3Read } from './read.js';
import { WAYS } from './settings.js';

interface Rule {
  readonly ApplyServerSideEncryptionByDefault?: {
    readonly SSEAlgorithm?: string;
    readonly KMSMasterKeyID?: string;
  };
  readonly BucketKeyEnabled?: boolean;
}

/** What the default will be, for the policy that refuses what is other. */
export interface DefaultAfter {
  /** The ARN of its key, where it is known. */
  readonly key: string | undefined;
  readonly isKms: boolean;
  /** Why nobody is to be held to its key; undefined where that can be used, or there is none. */
  readonly trouble: string | undefined;
}

const OF_KEY = ['s3/default-encryption', 's3/default-key'];
export const NEEDS_KEY = 'It needs the key that objects are to be under: name it by --key (`key`).';
const BUCKET_KEY = 's3/bucket-key';

export function planEncryption(
  read: S3Read,
  asked: Asked,
): DefaultAfter & { readonly pieces: readonly Piece[] } {
  const checks = [...OF_KEY, BUCKET_KEY].filter(asked.wants);
  const setting = read.settings.encryption;
  const nothing = (pieces: readonly Piece[]) => ({
    pieces,
    key: undefined,
    isKms: false,
    trouble: undefined,
  });
  if ('unread' in setting) return nothing(refused(checks, setting.unread));
  const before = setting.value as { readonly Rules?: readonly Rule[] } | null;
  const rules = before?.Rules ?? [];
  if (rules.length > 1)
    return nothing(
      refused(checks, 'The bucket has more than one rule of encryption, which S3 does not know.'),
    );
  const rule = rules[0] ?? {};
  const ofKey = OF_KEY.some(asked.wants) ? withKey(read, rule) : {};
  const wants = OF_KEY.filter(asked.wants);
  const changed = ofKey.rule ?? rule;
  const told = changed.ApplyServerSideEncryptionByDefault ?? {};
  const trouble = ofKey.rule ? undefined : troubleOf(read, rule);
  const ofBucketKey = asked.wants(BUCKET_KEY) ? withBucketKey(changed, trouble) : {};
  const after = ofBucketKey.rule ?? changed;
  const pieces = [
    ...(ofKey.needsKey === true ? withoutKey(wants, NEEDS_KEY, asked) : []),
    ...(ofKey.reason !== undefined ? refused(wants, ofKey.reason) : []),
    ...(ofKey.rule || ofKey.reason !== undefined || ofKey.needsKey === true ? [] : kept(...wants)),
    ...(ofBucketKey.reason !== undefined
      ? refused([BUCKET_KEY], ofBucketKey.reason)
      : ofBucketKey.rule || !asked.wants(BUCKET_KEY)
        ? []
        : kept(BUCKET_KEY)),
    ...(after === rule
      ? []
      : [
          written(setting.value, rule, after, [
            ...(ofKey.rule ? wants : []),
            ...(ofBucketKey.rule ? [BUCKET_KEY] : []),
          ]),
        ]),
  ];
  const known = ofKey.rule ? told.KMSMasterKeyID : keyNow(read);
  return { pieces, key: known, isKms: isKms(told.SSEAlgorithm), trouble };
}

interface Part {
  /** The rule as it is to be; undefined where it stays. */
  readonly rule?: Rule;
  /** Why it stays, where it is not right. */
  readonly reason?: string;
  readonly needsKey?: true;
}

/** A default under a key that is on its way out would be all that is let through, were others refused. */
function troubleOf({ currentKey }: S3Read, rule: Rule): string | undefined {
  if (currentKey === undefined || 'value' in currentKey) return undefined;
  return `The default is under ${rule.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID}, which cannot be relied on, and is kept. ${currentKey.unread}`;
}

function withKey(read: S3Read, rule: Rule): Part {
  const { wantedKey, currentKey } = read;
  const algorithm = rule.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
  const trouble = troubleOf(read, rule);
  if (trouble !== undefined) return { reason: trouble };
  if (wantedKey === undefined) return currentKey === undefined ? { needsKey: true } : {};
  if ('unread' in wantedKey) return { reason: wantedKey.unread };
  if (currentKey !== undefined && 'value' in currentKey) {
    if (isSameKey(currentKey.value, wantedKey.value)) return {};
    return {
      reason: `The default is under another key of a customer, ${currentKey.value}, and is kept: nobody can tell here who relies on it. Set it by hand where it is to be replaced.`,
    };
  }
  return {
    rule: {
      ...rule,
      ApplyServerSideEncryptionByDefault: {
        // Two layers stay two.
        SSEAlgorithm: algorithm === 'aws:kms:dsse' ? algorithm : 'aws:kms',
        KMSMasterKeyID: wantedKey.value,
      },
    },
  };
}

function withBucketKey(rule: Rule, trouble: string | undefined): Part {
  const algorithm = rule.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
  // Others know none.
  if (algorithm !== 'aws:kms' || rule.BucketKeyEnabled === true) return {};
  if (trouble !== undefined) return { reason: trouble };
  return { rule: { ...rule, BucketKeyEnabled: true } };
}

function keyNow({ currentKey }: S3Read): string | undefined {
  return currentKey !== undefined && 'value' in currentKey ? currentKey.value : undefined;
}

function written(before: Json, was: Rule, is: Rule, checks: readonly string[]): Piece {
  const isNewKey = is.ApplyServerSideEncryptionByDefault !== was.ApplyServerSideEncryptionByDefault;
  return change({
    setting: 'encryption',
    checks,
    now: told(was),
    later: told(is),
    before,
    after: { Rules: [is] } as unknown as Json,
    permissions: [WAYS.encryption.permissions.put],
    undo: before === null ? 'DeleteBucketEncryption' : 'PutBucketEncryption, as it was',
    note: isNewKey
      ? 'Only what is uploaded from now on is under that key; who reads or writes it needs kms:Decrypt and kms:GenerateDataKey.'
      : 'A policy of the key that asks for the ARN of an object in the encryption context has to take that of the bucket.',
  });
}

function told({ ApplyServerSideEncryptionByDefault: rule, BucketKeyEnabled: bucketKey }: Rule): string {
  if (rule?.SSEAlgorithm === undefined) return 'none is set';
  const under = rule.KMSMasterKeyID
    ? ` under ${rule.KMSMasterKeyID}`
    : isKms(rule.SSEAlgorithm)
      ? ' under the key that AWS manages'
      : '';
  return `${rule.SSEAlgorithm}${under}${bucketKey === true ? ', with a bucket key' : ''}`;
}
