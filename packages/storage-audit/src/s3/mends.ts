import type { Mend } from '../types.js';
import type { Facts } from './facts.js';
import { Unread } from './failures.js';
import { keyArn } from './key-facts.js';

/** What stands where only its owner knows the key. */
const SOME_KEY = 'arn:aws:kms:REGION:ACCOUNT:key/KEY-ID';

/** A text for a shell, which leaves it as it is. */
function quoted(value: unknown): string {
  return `'${JSON.stringify(value).replaceAll("'", "'\\''")}'`;
}

/** One `aws s3api put-…`, with its configuration as JSON. */
export function put(bucket: string, command: string, option: string, value: unknown): string {
  return `aws s3api ${command} --bucket ${bucket} --${option} ${quoted(value)}`;
}

/** The key for a bucket's default: the expected one, or a name to be filled in. */
export function wantedKey({ options: { expectedKey } }: Facts): string {
  return expectedKey !== undefined && keyArn(expectedKey) !== undefined ? expectedKey : SOME_KEY;
}

export function encryptionMend(facts: Facts, key: string = wantedKey(facts)): Mend {
  const { bucket } = facts;
  const rule = {
    ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key },
    BucketKeyEnabled: true,
    BlockedEncryptionTypes: { EncryptionType: ['SSE-C'] },
  };
  return {
    command: put(bucket, 'put-bucket-encryption', 'server-side-encryption-configuration', { Rules: [rule] }),
    terraform: `resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = "${bucket}"
  rule {
    bucket_key_enabled       = true
    blocked_encryption_types = ["SSE-C"]
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "${key}"
    }
  }
}`,
  };
}

export interface DenyStatement {
  readonly Sid: string;
  readonly Effect: 'Deny';
  readonly Principal: '*';
  readonly Action: string;
  readonly Resource: string | readonly string[];
  readonly Condition: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Statements that go into the policy beside what is in it. */
export async function policyMend(facts: Facts, statements: readonly DenyStatement[]): Promise<Mend> {
  const { bucket } = facts;
  const isThere = await hasPolicy(facts);
  const whole = { Version: '2012-10-17', Statement: statements };
  const read = `aws s3api get-bucket-policy --bucket ${bucket} --query Policy --output text`;
  return {
    command: isThere
      ? `${read} | jq --argjson more ${quoted(statements)} '.Statement = ([.Statement] | flatten) + $more' > policy.json && aws s3api put-bucket-policy --bucket ${bucket} --policy file://policy.json`
      : put(bucket, 'put-bucket-policy', 'policy', whole),
    terraform: isThere
      ? `# Add to the statements of the policy that is there:
jsonencode(${hcl(statements, '')})`
      : `resource "aws_s3_bucket_policy" "this" {
  bucket = "${bucket}"
  policy = jsonencode(${hcl(whole, '  ')})
}`,
  };
}

async function hasPolicy(facts: Facts): Promise<boolean> {
  try {
    return (await facts.read('GetBucketPolicy')) !== undefined;
  } catch (error) {
    // Then it is read by whoever mends it.
    if (error instanceof Unread) return true;
    throw error;
  }
}

/** JSON is an expression of Terraform's language, but for its templates. */
function hcl(value: unknown, indent: string): string {
  return JSON.stringify(value, null, 2)
    .replaceAll('${', '$${')
    .replaceAll('%{', '%%{')
    .replaceAll('\n', `\n${indent}`);
}

export function deny(
  Sid: string,
  Action: string,
  Resource: DenyStatement['Resource'],
  Condition: DenyStatement['Condition'],
): DenyStatement {
  return { Sid, Effect: 'Deny', Principal: '*', Action, Resource, Condition };
}
