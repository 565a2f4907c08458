import { failed, passed, type S3Check } from '../check.js';

export const objectOwnership: S3Check = {
  id: 's3/object-ownership',
  title: 'The bucket owns its objects, and no ACL counts',
  why: 'Otherwise an object belongs to the account that uploaded it, and its ACL may let in whom no policy of the bucket knows.',
  whenSealed: 'Whoever owns an object may still replace it or let others do so, sealed or not.',
  severity: { plain: 'medium', sealed: 'low' },
  async look(facts) {
    const told = (await facts.read('GetBucketOwnershipControls'))?.OwnershipControls?.Rules?.[0]
      ?.ObjectOwnership;
    if (told === 'BucketOwnerEnforced') return passed('Object ownership is BucketOwnerEnforced.');
    const { bucket } = facts;
    return failed(
      told === undefined
        ? 'The bucket has no ownership controls: ACLs count, and objects belong to who uploads them.'
        : `Object ownership is ${String(told).slice(0, 32)}: ACLs count.`,
      {
        command: `aws s3api put-bucket-ownership-controls --bucket ${bucket} --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'`,
        terraform: `resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = "${bucket}"
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}`,
      },
    );
  },
};
