import type { ReplicationRule } from '@aws-sdk/client-s3';
import { hclString, shellWord } from '../../report/quoting.js';
import { printable } from '../../report/text.js';
import type { Mend } from '../../types.js';
import { failed, inapplicable, isKms, passed, type Result, type S3Check } from '../check.js';
import type { Facts } from '../facts.js';
import { keyArn } from '../key-facts.js';
import { changed } from '../mends.js';

export const replication: S3Check = {
  id: 's3/replication',
  title: 'Replicas are encrypted under a key that was chosen for them',
  why: 'A replica without a key of its own is encrypted by whatever the other bucket has as its default. What AWS KMS encrypts is not replicated at all unless the rule says so.',
  whenSealed: 'Replicas of what is sealed stay sealed. Those that are missing are missing all the same.',
  severity: { plain: 'medium', sealed: 'low' },
  async look(facts) {
    const rules = (await facts.read('GetBucketReplication'))?.ReplicationConfiguration?.Rules ?? [];
    const enabled = rules.filter(({ Status: status }) => status === 'Enabled');
    if (enabled.length === 0) return inapplicable('Nothing is replicated.');
    const fromKms = isKms((await facts.encryption())?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm);
    return enabled.map((rule) => ofRule(facts, rule, fromKms));
  },
};

function ofRule(facts: Facts, rule: ReplicationRule, fromKms: boolean): Result {
  const target = (rule.Destination?.Bucket ?? '').split(':').at(-1)!.slice(0, 255);
  // It is the server's word, and a name in reports.
  const resource = `s3://${printable(target)}`;
  const key = rule.Destination?.EncryptionConfiguration?.ReplicaKmsKeyID;
  const selected = rule.SourceSelectionCriteria?.SseKmsEncryptedObjects?.Status === 'Enabled';
  const fail = (evidence: string) => failed(evidence, mend(facts, target), { resource });
  if (fromKms && !selected)
    return fail(
      `The rule to ${resource} leaves out what AWS KMS encrypts, and that is the default: new objects are not replicated.`,
    );
  if (!key) return fail(`The rule to ${resource} names no key for the replicas.`);
  if (keyArn(key)?.name === 'alias/aws/s3' || key === 'alias/aws/s3')
    return fail(`Replicas in ${resource} are under the key that AWS manages for S3 (aws/s3).`);
  return { ...passed(`Replicas in ${resource} are under ${printable(key.slice(0, 200))}.`), resource };
}

function mend({ bucket }: Facts, target: string): Mend {
  const change =
    '(.Rules[] | select(.Destination.Bucket | endswith(":" + $target))) |= (.SourceSelectionCriteria.SseKmsEncryptedObjects.Status = "Enabled" | .Destination.EncryptionConfiguration.ReplicaKmsKeyID = "KEY-ARN")';
  return {
    command: changed(bucket, {
      read: 'get-bucket-replication --query ReplicationConfiguration --output json',
      filter: `--arg target ${shellWord(target)} '${change}'`,
      write: 'put-bucket-replication --replication-configuration',
      file: 'replication',
    }),
    terraform: `# In the rule of aws_s3_bucket_replication_configuration to ${hclString(target)}:
source_selection_criteria {
  sse_kms_encrypted_objects {
    status = "Enabled"
  }
}
destination {
  encryption_configuration {
    replica_kms_key_id = "KEY-ARN"
  }
}`,
  };
}
