import type { Grant } from '@aws-sdk/client-s3';
import type { Mend } from '../../types.js';
import { failed, passed, type S3Check } from '../check.js';
import type { Facts } from '../facts.js';
import { Unread } from '../failures.js';
import { isOn } from './block-public-access.js';

const GROUPS: Readonly<Record<string, string>> = {
  'http://acs.amazonaws.com/groups/global/AllUsers': 'everybody',
  'http://acs.amazonaws.com/groups/global/AuthenticatedUsers': 'everybody with an AWS account',
};

export const acl: S3Check = {
  id: 's3/acl',
  title: 'The ACL of the bucket grants nothing to everybody',
  why: 'An ACL is a second list of who may do what, beside the policy, and easily forgotten.',
  whenSealed: 'Who lists sees names and sizes. Who writes can replace and delete what is sealed.',
  severity: { plain: 'critical', sealed: 'medium' },
  async look(facts) {
    const grants = (await facts.read('GetBucketAcl'))?.Grants;
    // Its owner is in every ACL.
    if (grants === undefined)
      throw new Unread('The ACL that was answered has no grants. Check the endpoint.');
    const open = grants.filter(
      ({ Grantee: who }) => who?.URI !== undefined && Object.hasOwn(GROUPS, who.URI),
    );
    if (open.length === 0)
      return passed(
        'The ACL of the bucket grants nothing to the public groups. Those of single objects were not read.',
      );
    const evidence = `The ACL grants ${open.map(told).join(', ')}`;
    if (await isOn(facts, 'IgnorePublicAcls'))
      return failed(`${evidence}; only IgnorePublicAcls holds it back.`, aclMend(facts), {
        severity: { plain: 'low', sealed: 'low' },
      });
    const writes = open.some(({ Permission: permission }) => !/^READ(?:_ACP)?$/.test(permission ?? ''));
    return failed(`${evidence}.`, aclMend(facts), {
      severity: writes ? { plain: 'critical', sealed: 'critical' } : undefined,
    });
  },
};

function told({ Grantee: who, Permission: permission }: Grant): string {
  return `${String(permission).slice(0, 32)} to ${GROUPS[who?.URI ?? '']}`;
}

function aclMend({ bucket }: Facts): Mend {
  return {
    command: `aws s3api put-bucket-acl --bucket ${bucket} --acl private`,
    terraform: `resource "aws_s3_bucket_acl" "this" {
  bucket = "${bucket}"
  acl    = "private"
}`,
  };
}
