import { failed, passed, type S3Check } from '../check.js';
import type { Facts } from '../facts.js';
import { put } from '../mends.js';

export const accessLogging: S3Check = {
  id: 's3/access-logging',
  title: 'Who reads what is logged',
  why: 'Without a log nobody can say afterwards who had which model.',
  whenSealed:
    'The log of the keys tells who opened something; only that of the bucket tells who fetched ciphertext, deleted or tried.',
  severity: { plain: 'medium', sealed: 'low' },
  async look(facts) {
    const target = (await facts.read('GetBucketLogging'))?.LoggingEnabled?.TargetBucket;
    if (target === undefined)
      return failed(
        'Server access logs are not written. Whether CloudTrail has data events of the bucket was not read.',
        mend(facts),
      );
    if (target === facts.bucket)
      return failed(
        'Server access logs go into the bucket itself: each log makes another one, and who may write there may change them.',
        mend(facts),
      );
    return passed(`Server access logs go to s3://${target.slice(0, 255)}.`);
  },
};

function mend({ bucket }: Facts) {
  const status = { LoggingEnabled: { TargetBucket: 'LOG-BUCKET', TargetPrefix: `${bucket}/` } };
  return {
    command: put(bucket, 'put-bucket-logging', 'bucket-logging-status', status),
    terraform: `resource "aws_s3_bucket_logging" "this" {
  bucket        = "${bucket}"
  target_bucket = "LOG-BUCKET"
  target_prefix = "${bucket}/"
}`,
  };
}
