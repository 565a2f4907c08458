import { type Asked, type Piece, type Planned, planOf } from '../pieces.js';
import { planEncryption } from './plan-encryption.js';
import { planLifecycle, planPublicAccess, planVersioning } from './plan-others.js';
import { planOwnership } from './plan-ownership.js';
import { planPolicy } from './plan-policy.js';
import type { S3Read } from './read.js';
import { SETTINGS, type Setting } from './settings.js';

/** The checks that can be mended here. */
export const CHECKS: readonly string[] = [
  's3/default-encryption',
  's3/default-key',
  's3/bucket-key',
  's3/policy-encryption',
  's3/policy-key',
  's3/customer-keys',
  's3/policy-tls',
  's3/policy-tls-version',
  's3/object-ownership',
  's3/versioning',
  's3/incomplete-uploads',
  's3/block-public-access',
];

/** What is to be changed, of what was read. Pure. */
export function planS3(read: S3Read, asked: Asked): Planned {
  const { pieces, ...after } = planEncryption(read, asked);
  const made: Readonly<Record<Setting, readonly Piece[]>> = {
    encryption: pieces,
    policy: planPolicy(read, asked, after),
    'object-ownership': planOwnership(read, asked),
    versioning: planVersioning(read, asked),
    lifecycle: planLifecycle(read, asked),
    'public-access-block': planPublicAccess(read, asked),
  };
  return planOf(
    `s3://${read.bucket}`,
    SETTINGS.flatMap((setting) => made[setting]),
  );
}
