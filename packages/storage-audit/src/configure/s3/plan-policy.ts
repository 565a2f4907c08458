import { isWeightsealError } from '@weightseal/core';
import type { Policy } from '../../s3/policy/document.js';
import { parsePolicy } from '../../s3/policy/parse.js';
import {
  ofCustomerKeys,
  ofDefault,
  ofManagedKey,
  ofOtherKey,
  ofPlainHttp,
  ofS3Keys,
  ofTlsVersion,
} from '../../s3/policy/uploads.js';
import { statementsOf, type Topic } from '../../s3/policy-mend.js';
import { type Asked, change, kept, type Piece, refused, withoutKey } from '../pieces.js';
import { type DefaultAfter, NEEDS_KEY } from './plan-encryption.js';
import { extended, isTighter, MAX_POLICY_BYTES } from './policy-text.js';
import type { S3Read } from './read.js';
import { WAYS } from './settings.js';

const TOPICS: readonly (readonly [check: string, topic: Topic])[] = [
  ['s3/policy-encryption', 'encryption'],
  ['s3/policy-key', 'key'],
  ['s3/customer-keys', 'customer-keys'],
  ['s3/policy-tls', 'tls'],
  ['s3/policy-tls-version', 'tls-version'],
];

/** What is to become of one topic: statements are added, it is refused by the policy already, or it is not touched. */
type Fate = 'add' | 'kept' | 'needs key' | { readonly reason: string };

/** Statements that refuse are put behind those that are there, and nothing of these is changed. */
export function planPolicy(read: S3Read, asked: Asked, after: DefaultAfter): readonly Piece[] {
  const topics = TOPICS.filter(([check]) => asked.wants(check));
  const checks = topics.map(([check]) => check);
  const { policy } = read.settings;
  if ('unread' in policy) return refused(checks, policy.unread);
  if ('unread' in read.arn) return refused(checks, read.arn.unread);
  try {
    return planned(
      read,
      asked,
      { text: policy.value as string | null, bucket: read.arn.value, after },
      topics,
    );
  } catch (error) {
    // Somebody else's text, which is too involved, or none that IAM takes.
    if (isWeightsealError(error)) return refused(checks, error.message);
    throw error;
  }
}

interface Standing {
  readonly text: string | null;
  readonly bucket: string;
  readonly after: DefaultAfter;
}

function pieceOf(check: string, fate: Exclude<Fate, 'add'>, asked: Asked): Piece[] {
  if (fate === 'kept') return kept(check);
  return fate === 'needs key' ? withoutKey([check], NEEDS_KEY, asked) : refused([check], fate.reason);
}

function planned(read: S3Read, asked: Asked, standing: Standing, topics: typeof TOPICS): readonly Piece[] {
  const { text, bucket, after } = standing;
  const policy = text === null ? { statements: [] } : parsePolicy(text);
  const fates = topics.map(
    ([check, topic]) => [check, topic, fateOf(topic, policy, read, standing)] as const,
  );
  const left = fates.flatMap(([check, , fate]) => (fate === 'add' ? [] : pieceOf(check, fate, asked)));
  const adding = fates.filter(([, , fate]) => fate === 'add');
  if (adding.length === 0) return left;
  const statements = statementsOf(bucket, after.key);
  const more = adding.flatMap(([, topic]) => statements[topic].map((one) => named(one, policy)));
  const text2 = extended(text, more);
  const checks = adding.map(([check]) => check);
  if (Buffer.byteLength(text2) > MAX_POLICY_BYTES)
    return [
      ...left,
      ...refused(checks, `The policy would be longer than the ${MAX_POLICY_BYTES} bytes that S3 takes.`),
    ];
  if (!isTighter(text, text2, bucket, after.key))
    return [...left, ...refused(checks, 'It cannot be shown that the policy would only become stricter.')];
  const { put, remove } = WAYS.policy.permissions;
  const added = `${more.length} that refuse: ${more.map(({ Sid }) => Sid).join(', ')}`;
  return [
    ...left,
    change({
      setting: 'policy',
      checks,
      now: text === null ? 'no policy' : `${policy.statements.length} statements`,
      later: text === null ? added : `the same, and ${added}`,
      before: text,
      after: text2,
      permissions: text === null ? [put, remove] : [put],
      undo: text === null ? 'DeleteBucketPolicy' : 'PutBucketPolicy, as it was',
      note: 'Who does what these refuse is refused from then on, whatever else lets them.',
    }),
  ];
}

function named<T extends { readonly Sid: string }>(statement: T, { statements }: Policy): T {
  const taken = statements.map(({ sid }) => sid);
  const first = `Weightseal${statement.Sid}`;
  let Sid = first;
  for (let number = 2; taken.includes(Sid); number++) Sid = `${first}${number}`;
  return { ...statement, Sid };
}

function fateOf(topic: Topic, policy: Policy, read: S3Read, { bucket, after }: Standing): Fate {
  const always = (ask: (of: Policy, at: string) => { readonly extent: string }) =>
    ask(policy, bucket).extent === 'always';
  switch (topic) {
    case 'encryption':
      if (always(ofS3Keys)) return 'kept';
      if (after.trouble !== undefined) return { reason: after.trouble };
      if (!after.isKms && read.wantedKey === undefined) return 'needs key';
      if (!after.isKms)
        return {
          reason: 'The default is not under AWS KMS, and uploads that ask for the same would be refused.',
        };
      if (always(ofDefault))
        return {
          reason:
            'The policy refuses uploads that name no encryption, and lets those through that name AES256: refused too, nobody could upload. Change that statement by hand.',
        };
      return 'add';
    case 'key':
      return fateOfKey(policy, read, { bucket, after });
    case 'customer-keys':
      return blocksCustomerKeys(read) || always(ofCustomerKeys) ? 'kept' : 'add';
    case 'tls':
      return always(ofPlainHttp) ? 'kept' : unlessOurs(read);
    case 'tls-version':
      return ['1.0', '1.1'].every((version) => always((of, at) => ofTlsVersion(of, at, version)))
        ? 'kept'
        : unlessOurs(read);
  }
}

/** Whoever would be refused could not even take it back. */
function unlessOurs({ connection }: S3Read): Fate {
  if (connection === 'tls') return 'add';
  const how = connection === 'plain' ? 'without TLS' : 'by TLS before 1.2';
  return {
    reason: `This connection is ${how} itself, and would be refused, the way back too. Name an endpoint of https that takes TLS 1.2.`,
  };
}

function fateOfKey(
  policy: Policy,
  { wantedKey }: S3Read,
  { bucket, after: { key, trouble } }: Pick<Standing, 'bucket' | 'after'>,
): Fate {
  if (trouble !== undefined) return { reason: trouble };
  if (wantedKey !== undefined && 'unread' in wantedKey) return { reason: wantedKey.unread };
  if (key === undefined && wantedKey === undefined) return 'needs key';
  if (key === undefined)
    return { reason: 'The default is under no key that is known, so that none can be told from others.' };
  if (wantedKey !== undefined && wantedKey.value !== key)
    return { reason: `The default stays under ${key}, and uploads to it would be refused.` };
  const isRefused = [ofOtherKey(policy, bucket, key), ofManagedKey(policy, bucket)].every(
    ({ extent }) => extent === 'always',
  );
  return isRefused ? 'kept' : 'add';
}

function blocksCustomerKeys({ settings: { encryption } }: S3Read): boolean {
  if ('unread' in encryption) return false;
  const { Rules: rules = [] } = (encryption.value ?? {}) as {
    readonly Rules?: readonly {
      readonly BlockedEncryptionTypes?: { readonly EncryptionType?: readonly string[] };
    }[];
  };
  return rules.some((rule) => rule.BlockedEncryptionTypes?.EncryptionType?.includes('SSE-C') === true);
}
