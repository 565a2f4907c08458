import { failed, passed, type S3Check } from '../check.js';

export const versioning: S3Check = {
  id: 's3/versioning',
  title: 'Versions are kept',
  why: 'What is overwritten or deleted, by mistake or by somebody who wants money for it, can be had back.',
  whenSealed: 'It is the same: a seal shows that something was changed, and brings nothing back.',
  severity: { plain: 'medium', sealed: 'medium' },
  async look(facts) {
    const status = (await facts.read('GetBucketVersioning'))?.Status;
    if (status === 'Enabled') return passed('Versioning is enabled.');
    const { bucket } = facts;
    return failed(status === undefined ? 'Versioning was never enabled.' : 'Versioning is suspended.', {
      command: `aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled`,
      terraform: `resource "aws_s3_bucket_versioning" "this" {
  bucket = "${bucket}"
  versioning_configuration {
    status = "Enabled"
  }
}`,
    });
  },
};
