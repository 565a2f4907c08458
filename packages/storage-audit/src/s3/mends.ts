import { hclString } from '../report/quoting.js';
import type { Mend } from '../types.js';
import type { Facts } from './facts.js';
import { keyArn } from './key-facts.js';

/** What stands where only its owner knows the key. */
const SOME_KEY = 'arn:aws:kms:REGION:ACCOUNT:key/KEY-ID';

/** A text for a shell, which leaves it as it is. */
export function quoted(value: unknown): string {
  return `'${JSON.stringify(value).replaceAll("'", "'\\''")}'`;
}

/** One `aws s3api put-…`, with its configuration as JSON. */
export function put(bucket: string, command: string, option: string, value: unknown): string {
  return `aws s3api ${command} --bucket ${bucket} --${option} ${quoted(value)}`;
}

interface Change {
  readonly read: string;
  /** For jq. */
  readonly filter: string;
  /** With the option that takes the file. */
  readonly write: string;
  readonly file: string;
}

/** Reads what is there, changes it, and writes it again. Where one of these fails, nothing is written: what cannot be read is not replaced. */
export function changed(bucket: string, { read, filter, write, file }: Change): string {
  return [
    `aws s3api ${read} --bucket ${bucket} > ${file}-before.json`,
    `jq ${filter} ${file}-before.json > ${file}.json`,
    `aws s3api ${write} file://${file}.json --bucket ${bucket}`,
  ].join(' && ');
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
      kms_master_key_id = ${hclString(key)}
    }
  }
}`,
  };
}
