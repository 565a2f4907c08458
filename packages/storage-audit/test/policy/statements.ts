import type { Policy } from '../../src/s3/policy/document.js';
import { parsePolicy } from '../../src/s3/policy/parse.js';

export const BUCKET = 'arn:aws:s3:::models';
export const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
export const OTHER_KEY = 'arn:aws:kms:eu-central-1:111122223333:key/99999999-12ab-34cd-56ef-1234567890ab';

export const ALGORITHM = 's3:x-amz-server-side-encryption';
export const KEY_ID = 's3:x-amz-server-side-encryption-aws-kms-key-id';

export type Members = Readonly<Record<string, unknown>>;

/** A statement about uploads to all keys, by all; what is given goes before. */
export function deny(condition: Members = {}, others: Members = {}): Members {
  return {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:PutObject',
    Resource: `${BUCKET}/*`,
    ...(Object.keys(condition).length > 0 && { Condition: condition }),
    // One of both is there.
    ...Object.fromEntries(
      ['Principal', 'Action', 'Resource'].flatMap((name) =>
        `Not${name}` in others ? [[name, undefined]] : [],
      ),
    ),
    ...others,
  };
}

/** About all that can be asked. */
export function denyAll(condition: Members, others: Members = {}): Members {
  return deny(condition, { Action: 's3:*', Resource: [BUCKET, `${BUCKET}/*`], ...others });
}

export function allow(others: Members = {}): Members {
  return { ...deny({}, { Action: 's3:GetObject', ...others }), Effect: 'Allow' };
}

export function policy(...statements: readonly Members[]): Policy {
  return parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }));
}
