import { ABSENT, ANYWHERE, type Context } from './condition.js';
import type { Policy } from './document.js';
import { ANONYMOUS, type Caller, OTHER } from './principal.js';
import { has } from './refused.js';
import { applies, type BucketArn, deniedNames, type Request } from './request.js';
import { possibly, someKey } from './some-key.js';

export interface PublicGrant {
  readonly action: string;
  /** With credentials of just any account, or with none. */
  readonly anonymous: boolean;
  /** One that it is granted for; undefined for the bucket itself. */
  readonly key: string | undefined;
  /** The first statement that does. */
  readonly sid: string | undefined;
}

/** What a stranger could do harm with, the worst first; whether it is about an object. */
const ACTIONS: readonly (readonly [action: string, ofObject: boolean])[] = [
  ['s3:PutObject', true],
  ['s3:DeleteObject', true],
  ['s3:DeleteObjectVersion', true],
  ['s3:PutObjectAcl', true],
  ['s3:BypassGovernanceRetention', true],
  ['s3:PutBucketPolicy', false],
  ['s3:PutBucketAcl', false],
  ['s3:PutEncryptionConfiguration', false],
  ['s3:PutLifecycleConfiguration', false],
  ['s3:DeleteBucket', false],
  ['s3:GetObject', true],
  ['s3:GetObjectVersion', true],
  ['s3:ListBucket', false],
  ['s3:ListBucketVersions', false],
  ['s3:ListBucketMultipartUploads', false],
];

export const READING: readonly string[] = ACTIONS.map(([action]) => action).filter((action) =>
  /:(?:Get|List)/.test(action),
);

/**
 * What cannot be chosen by who asks, with the values of a stranger. All other keys can, as Referer and UserAgent: a condition on them keeps nobody out. After
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
 */
const STRANGER: Context = {
  'aws:securetransport': ['true'],
  's3:tlsversion': ['1.3'],
  'aws:sourceip': ANYWHERE,
  'aws:sourcevpc': ['vpc-00000000000strange'],
  'aws:sourcevpce': ['vpce-00000000000strange'],
  'aws:sourcearn': ABSENT,
  'aws:sourceaccount': ABSENT,
  'aws:sourceowner': ABSENT,
  'aws:sourceorgid': ABSENT,
  'aws:sourceorgpaths': ABSENT,
  'aws:viaawsservice': ['false'],
  'aws:sourcevpcarn': ['arn:aws:ec2:us-east-1:000000000000:vpc/vpc-00000000000strange'],
  'aws:vpceaccount': ['000000000000'],
  'aws:vpceorgid': ['o-0000stranger'],
  'aws:principalservicename': ABSENT,
  'aws:principalservicenameslist': ABSENT,
  's3:dataaccesspointarn': ABSENT,
  's3:dataaccesspointaccount': ABSENT,
};

const WITHOUT_CREDENTIALS: Context = {
  ...STRANGER,
  'aws:principalarn': ABSENT,
  'aws:principalaccount': ABSENT,
  'aws:principalorgid': ABSENT,
  'aws:principalorgpaths': ABSENT,
  'aws:principaltype': ['Anonymous'],
  'aws:principalisawsservice': ABSENT,
  'aws:userid': ['anonymous'],
  'aws:username': ABSENT,
};

const OF_ANY_ACCOUNT: Context = {
  ...STRANGER,
  // No account has the number 0, and no policy names it.
  'aws:principalarn': ['arn:aws:iam::000000000000:user/stranger'],
  'aws:principalaccount': ['000000000000'],
  'aws:principalorgid': ['o-0000stranger'],
  'aws:principalorgpaths': ['o-0000stranger/r-0000/ou-0000-stranger/'],
  'aws:principaltype': ['User'],
  'aws:principalisawsservice': ['false'],
  'aws:userid': ['AIDA0000000STRANGER00'],
};

/**
 * What a policy grants to people whom nobody knows. A condition that they may fulfil is as none, and only what is surely denied is.
 *
 * @throws STORE_UNSUPPORTED for patterns that are too intricate
 */
export function publicGrants(policy: Policy, bucket: BucketArn): readonly PublicGrant[] {
  return ACTIONS.flatMap(([action, ofObject]) => {
    const anonymous = grant(policy, bucket, ANONYMOUS, { action, ofObject, context: WITHOUT_CREDENTIALS });
    const found = anonymous ?? grant(policy, bucket, OTHER, { action, ofObject, context: OF_ANY_ACCOUNT });
    return found ? [{ action, anonymous: anonymous !== undefined, ...found }] : [];
  });
}

function grant(
  policy: Policy,
  bucket: BucketArn,
  caller: Caller,
  request: Request,
): Pick<PublicGrant, 'key' | 'sid'> | undefined {
  const denied = deniedNames(policy, caller, request);
  for (const one of policy.statements) {
    if (one.effect !== 'Allow' || applies(one, caller, request) === false) continue;
    const allowed = possibly(one.resources);
    if (!request.ofObject) {
      if (has(allowed, bucket) && !denied.some((names) => has(names, bucket)))
        return { key: undefined, sid: one.sid };
      continue;
    }
    const key = someKey(
      `${bucket}/`,
      [allowed, ...denied],
      ([isAllowed = false, ...others]) => isAllowed && !others.includes(true),
    );
    if (key !== undefined) return { key, sid: one.sid };
  }
  return undefined;
}
