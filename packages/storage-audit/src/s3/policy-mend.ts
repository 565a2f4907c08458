import type { Mend } from '../types.js';
import { isKms } from './check.js';
import type { Facts } from './facts.js';
import { Unread } from './failures.js';
import { changed, put, quoted } from './mends.js';
import { hcl } from './terraform.js';

const ALGORITHM = 's3:x-amz-server-side-encryption';
const KEY = 's3:x-amz-server-side-encryption-aws-kms-key-id';
const CUSTOMER = 's3:x-amz-server-side-encryption-customer-algorithm';

type Condition = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
export type Topic = 'encryption' | 'key' | 'customer-keys' | 'tls' | 'tls-version';

/** The key of the default encryption; undefined where it names none. */
export async function customerKey(facts: Facts): Promise<string | undefined> {
  const { SSEAlgorithm: algorithm, KMSMasterKeyID: key } =
    (await facts.encryption())?.ApplyServerSideEncryptionByDefault ?? {};
  return isKms(algorithm) && key ? key : undefined;
}

/** The ARN of the key that uploads must be under, as S3 compares it. */
export async function requiredKey(facts: Facts): Promise<string | undefined> {
  const key = facts.options.expectedKey ?? (await customerKey(facts));
  return key === undefined ? undefined : facts.keys.arnOf(key);
}

interface Denial {
  readonly Sid: string;
  readonly Effect: 'Deny';
  readonly Principal: '*';
  readonly Action: string;
  readonly Resource: unknown;
  readonly Condition: Condition;
}

async function statements(facts: Facts): Promise<Readonly<Record<Topic, readonly object[]>>> {
  const bucket = (await unlessUnread(facts.arn())) ?? `arn:PARTITION:s3:::${facts.bucket}`;
  return statementsOf(bucket, await unlessUnread(requiredKey(facts)));
}

/**
 * What a policy must deny. Weightseal names no encryption when it uploads, so that what is refused is what names another, and the default has to be right. …IfExists would
 * refuse what names none as well: of a key that is missing it is true.
 */
export function statementsOf(
  bucket: string,
  key: string | undefined,
): Readonly<Record<Topic, readonly Denial[]>> {
  const deny = (Sid: string, Action: string, Resource: unknown, Condition: Condition): Denial => ({
    Sid,
    Effect: 'Deny' as const,
    Principal: '*' as const,
    Action,
    Resource,
    Condition,
  });
  const upload = (Sid: string, condition: Condition) => deny(Sid, 's3:PutObject', `${bucket}/*`, condition);
  const all = (Sid: string, condition: Condition) => deny(Sid, 's3:*', [bucket, `${bucket}/*`], condition);
  const ofKms = ['aws:kms', 'aws:kms:dsse'];
  return {
    encryption: [
      upload('RefuseOtherEncryption', {
        StringNotEquals: { [ALGORITHM]: ofKms },
        Null: { [ALGORITHM]: 'false' },
      }),
    ],
    key:
      key === undefined
        ? []
        : [
            upload('RefuseOtherKeys', { StringNotEquals: { [KEY]: key }, Null: { [KEY]: 'false' } }),
            // It names AWS KMS and no key: of AWS's own.
            upload('RefuseManagedKey', { StringEquals: { [ALGORITHM]: ofKms }, Null: { [KEY]: 'true' } }),
          ],
    'customer-keys': [upload('RefuseCustomerKeys', { Null: { [CUSTOMER]: 'false' } })],
    tls: [all('RefusePlainHttp', { Bool: { 'aws:SecureTransport': 'false' } })],
    'tls-version': [all('RefuseOldTls', { NumericLessThan: { 's3:TlsVersion': '1.2' } })],
  };
}

/** What is missing goes beside what is there. Where there is no policy it is the whole of one, for all topics: of two that are put there the second would replace the first. */
export async function policyMend(facts: Facts, topic: Topic): Promise<Mend> {
  const { bucket } = facts;
  const all = await statements(facts);
  const Statement = Object.values(all).flat();
  const whole = { Version: '2012-10-17', Statement };
  // What cannot be read is there: whoever mends it has to read it.
  if ((await unlessUnread(facts.read('GetBucketPolicy').then((answer) => answer === undefined))) === true)
    return {
      command: put(bucket, 'put-bucket-policy', 'policy', whole),
      terraform: `resource "aws_s3_bucket_policy" "this" {
  bucket = "${bucket}"
  policy = jsonencode(${hcl(whole, '  ')})
}`,
    };
  return {
    command: changed(bucket, {
      read: 'get-bucket-policy --query Policy --output text',
      filter: `--argjson more ${quoted(all[topic])} '.Statement = ([.Statement] | flatten) + $more'`,
      write: 'put-bucket-policy --policy',
      file: 'policy',
    }),
    terraform: `# concat() these with the statements of the policy that is there.
locals {
  more_statements = ${hcl(all[topic], '  ')}
}`,
  };
}

async function unlessUnread<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Unread) return undefined;
    throw error;
  }
}
