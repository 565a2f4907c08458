import type { Mend } from '../../types.js';
import { failed, passed, type S3Check, times } from '../check.js';
import type { Facts } from '../facts.js';
import { put } from '../mends.js';

export const objectLock: S3Check = {
  id: 's3/object-lock',
  title: 'Objects are locked for a time',
  why: 'Whoever has the rights of an administrator can delete all versions as well, unless a lock keeps them until a date.',
  whenSealed: 'It is the same: nobody can open what was deleted.',
  severity: { plain: 'low', sealed: 'low' },
  async look(facts) {
    const lock = (await facts.read('GetObjectLockConfiguration'))?.ObjectLockConfiguration;
    if (lock?.ObjectLockEnabled !== 'Enabled') return failed('Object lock is not enabled.', lockMend(facts));
    const { Mode: mode, Days: days, Years: years } = lock.Rule?.DefaultRetention ?? {};
    if (mode === undefined)
      return failed(
        'Object lock is enabled, and there is no default retention: only what asks for a lock has one.',
        lockMend(facts),
      );
    const time = days === undefined ? times(years, 'year') : times(days, 'day');
    const who = mode === 'COMPLIANCE' ? 'for everybody' : 'but for who may bypass it';
    return passed(`New objects are locked for ${time}, ${who} (${mode}).`);
  },
};

const FOREVER =
  'This cannot be undone: object lock and versioning stay on for as long as the bucket is there.';

function lockMend({ bucket }: Facts): Mend {
  const configuration = {
    ObjectLockEnabled: 'Enabled',
    Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } },
  };
  return {
    // It wants versions.
    command: `# ${FOREVER}
aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled && ${put(bucket, 'put-object-lock-configuration', 'object-lock-configuration', configuration)}`,
    terraform: `# ${FOREVER}
resource "aws_s3_bucket_object_lock_configuration" "this" {
  bucket = "${bucket}"
  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = 30
    }
  }
}`,
  };
}
