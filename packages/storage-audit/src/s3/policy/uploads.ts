import { shown } from '@weightseal/core';
import { ACTIONS, TO_COME } from './actions.js';
import { ABSENT, type Context } from './condition.js';
import type { Policy } from './document.js';
import { type Refusal, refusal } from './refused.js';
import type { BucketArn, Request } from './request.js';

const ALGORITHM = 's3:x-amz-server-side-encryption';
const KEY = 's3:x-amz-server-side-encryption-aws-kms-key-id';
const CUSTOMER = 's3:x-amz-server-side-encryption-customer-algorithm';

/** Of requests that people and programs make themselves, over the TLS of today. */
const DIRECT: Context = {
  'aws:securetransport': ['true'],
  's3:tlsversion': ['1.3'],
  'aws:viaawsservice': ['false'],
  'aws:principalisawsservice': ['false'],
};

function put(context: Context): Request {
  return {
    action: 's3:PutObject',
    ofObject: true,
    context: { ...DIRECT, [ALGORITHM]: ABSENT, [KEY]: ABSENT, [CUSTOMER]: ABSENT, ...context },
  };
}

/** An upload that says nothing of encryption: the bucket's default is used. */
export function ofDefault(policy: Policy, bucket: BucketArn): Refusal {
  return refusal(policy, bucket, put({}));
}

/** An upload that asks for keys of S3 itself (SSE-S3). */
export function ofS3Keys(policy: Policy, bucket: BucketArn): Refusal {
  return refusal(policy, bucket, put({ [ALGORITHM]: ['AES256'] }));
}

/** An upload under a key that the caller sends along (SSE-C): whoever has lost it, or was not given it, has lost the object. */
export function ofCustomerKeys(policy: Policy, bucket: BucketArn): Refusal {
  return refusal(policy, bucket, put({ [CUSTOMER]: ['AES256'] }));
}

const OF_KMS = ['aws:kms', 'aws:kms:dsse'];

/** An upload that asks for AWS KMS and names no key: of AWS's own, `aws/s3`, whatever the bucket's default is. */
export function ofManagedKey(policy: Policy, bucket: BucketArn): Refusal {
  return worst(
    OF_KMS.map((algorithm) => ({
      ...refusal(policy, bucket, put({ [ALGORITHM]: [algorithm] })),
      told: `as ${algorithm}`,
    })),
  );
}

/** An upload under a KMS key that is not `expected`, the ARN of one: a stranger's, one beside it, and each that the policy names. */
export function ofOtherKey(policy: Policy, bucket: BucketArn, expected: string): Refusal {
  return worst(
    otherKeys(policy, expected).flatMap((key) =>
      OF_KMS.map((algorithm) => ({
        ...refusal(policy, bucket, put({ [ALGORITHM]: [algorithm], [KEY]: [key] })),
        told: `under ${shown(key.slice(0, 200)).slice(1, -1)}, as ${algorithm}`,
      })),
    ),
  );
}

/** `always` only where all of them are; else who gets through with the first that is not. */
function worst(all: readonly (Refusal & { readonly told: string })[]): Refusal {
  const open = all.find(({ extent }) => extent !== 'always');
  if (open === undefined) return { extent: 'always' };
  const extent = all.every((one) => one.extent === 'never') ? 'never' : 'partly';
  return { extent, through: `${open.through}, ${open.told}` };
}

const STRANGERS = 'arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000';

function otherKeys({ statements }: Policy, expected: string): readonly string[] {
  const beside = expected.replace(/[^:/]*$/, '00000000-0000-4000-8000-000000000000');
  const named = statements
    .flatMap(({ conditions }) => conditions)
    .filter(({ key }) => key === KEY)
    .flatMap(({ values }) => values)
    .filter((value) => !value.includes('${'))
    // Of a pattern, one that it has.
    .map((value) => value.replaceAll('*', 'x').replaceAll('?', 'x'));
  return [...new Set([STRANGERS, beside, ...named])].filter((key) => key !== expected);
}

/** Any request without TLS. */
export function ofPlainHttp(policy: Policy, bucket: BucketArn): Refusal {
  return overTheWire(policy, bucket, { 'aws:securetransport': ['false'], 's3:tlsversion': ABSENT });
}

/** Any request over that version of TLS, `1.1`. */
export function ofTlsVersion(policy: Policy, bucket: BucketArn, version: string): Refusal {
  return overTheWire(policy, bucket, { 's3:tlsversion': [version] });
}

/** All that there is, and what may come: of the latter only a Deny of `s3:*` says anything. */
function overTheWire(policy: Policy, bucket: BucketArn, told: Context): Refusal {
  const context = { ...DIRECT, ...told };
  let [open, refused]: [Refusal?, boolean?] = [];
  for (const [action, ofObject] of [...ACTIONS, ...TO_COME]) {
    const one = refusal(policy, bucket, { action, ofObject, context });
    if (one.extent !== 'never') refused = true;
    if (one.extent === 'always') continue;
    const name = action === TO_COME[0]![0] ? 'actions that it does not name' : action;
    open ??= { extent: 'never', through: `${name} by ${one.through}` };
    if (refused === true) return { ...open, extent: 'partly' };
  }
  return open === undefined
    ? { extent: 'always' }
    : { ...open, extent: refused === true ? 'partly' : 'never' };
}
