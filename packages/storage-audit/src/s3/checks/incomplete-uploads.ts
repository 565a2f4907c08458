import type { LifecycleRule } from '@aws-sdk/client-s3';
import { failed, passed, type S3Check, times } from '../check.js';
import { changed, put, quoted } from '../mends.js';

const RULE = {
  ID: 'abort-incomplete-uploads',
  Status: 'Enabled',
  Filter: { Prefix: '' },
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
};

/** Nobody uploads for longer; later they are found by whoever looks. */
const MOST_DAYS = 30;

export const incompleteUploads: S3Check = {
  id: 's3/incomplete-uploads',
  title: 'Uploads that were never finished are removed',
  why: 'Their parts are paid for, and no listing shows them. Some may be in the clear.',
  whenSealed: 'Parts of what was to be sealed are ciphertext. They cost as much.',
  severity: { plain: 'low', sealed: 'low' },
  async look(facts) {
    const rules = (await facts.read('GetBucketLifecycleConfiguration'))?.Rules ?? [];
    const removing = rules.filter(
      ({ Status: status, AbortIncompleteMultipartUpload: abort }) =>
        status === 'Enabled' && abort?.DaysAfterInitiation !== undefined,
    );
    const ofAll = removing.filter(isOfAll).map(daysOf);
    const days = Math.min(...ofAll);
    if (days <= MOST_DAYS)
      return passed(`Uploads that are not finished are removed after ${times(days, 'day')}.`);
    const { bucket } = facts;
    return failed(
      ofAll.length > 0
        ? `Uploads that are not finished are removed after ${times(days, 'day')} only, and not within ${MOST_DAYS}.`
        : removing.length > 0
          ? 'Only below some prefixes uploads that are not finished are removed.'
          : 'No rule removes uploads that are not finished.',
      {
        command:
          rules.length === 0
            ? put(bucket, 'put-bucket-lifecycle-configuration', 'lifecycle-configuration', { Rules: [RULE] })
            : changed(bucket, {
                read: 'get-bucket-lifecycle-configuration --output json',
                filter: `--argjson more ${quoted(RULE)} '{Rules: (.Rules + [$more])}'`,
                write: 'put-bucket-lifecycle-configuration --lifecycle-configuration',
                file: 'lifecycle',
              }),
        terraform: `# ${rules.length === 0 ? 'A bucket has one of these' : `The bucket has ${times(rules.length, 'rule')} by now, which this would replace`}: add the rule to those that are there.
resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = "${bucket}"
  # … the rules that are there
  rule {
    id     = "abort-incomplete-uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}`,
      },
    );
  },
};

function daysOf({ AbortIncompleteMultipartUpload: abort }: LifecycleRule): number {
  return abort?.DaysAfterInitiation ?? Number.POSITIVE_INFINITY;
}

/** A filter of anything but an empty prefix leaves something out. */
export function isOfAll({ Prefix: prefix, Filter: filter }: LifecycleRule): boolean {
  const { Prefix: filtered, ...others } = filter ?? {};
  return !prefix && !filtered && Object.values(others).every((one) => one === undefined);
}
