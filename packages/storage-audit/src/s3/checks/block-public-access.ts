import type { PublicAccessBlockConfiguration } from '@aws-sdk/client-s3';
import type { Mend } from '../../types.js';
import { failed, passed, type S3Check } from '../check.js';
import type { Facts } from '../facts.js';
import { Unread } from '../failures.js';

const FLAGS = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const;
const ALL = FLAGS.map((flag) => `${flag}=true`).join(',');
const TERRAFORM = `  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true`;

/** Which are not on. */
export function missingFlags(block: PublicAccessBlockConfiguration | undefined): readonly string[] {
  return FLAGS.filter((flag) => block?.[flag] !== true);
}

export function blockMend({ bucket }: Facts): Mend {
  return {
    command: `aws s3api put-public-access-block --bucket ${bucket} --public-access-block-configuration ${ALL}`,
    terraform: `resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = "${bucket}"
${TERRAFORM}
}`,
  };
}

export const blockPublicAccess: S3Check = {
  id: 's3/block-public-access',
  title: 'The bucket blocks public access',
  why: 'One statement or one ACL too many opens a bucket to the world. The block outweighs all of them, those to come too.',
  whenSealed:
    'What is sealed is of no use to who reads it. It can still be deleted or replaced, and is seen.',
  severity: { plain: 'high', sealed: 'medium' },
  async look(facts) {
    const missing = missingFlags(await facts.block());
    if (missing.length === 0) return passed('All four blocks of public access are on.');
    if (await isBlockedForAccount(facts))
      return passed(
        `The bucket lacks ${missing.join(', ')}; the account has all four on, which counts for it.`,
      );
    return failed(
      missing.length === FLAGS.length
        ? 'No block of public access is on.'
        : `Of the blocks of public access ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not on.`,
      blockMend(facts),
    );
  },
};

async function isBlockedForAccount(facts: Facts): Promise<boolean> {
  const block = await readable(() => facts.accountBlock());
  return block !== undefined && missingFlags(block).length === 0;
}

/** Whether one of the blocks is on, for the bucket or for its account. What cannot be read holds nothing back. */
export async function isOn(facts: Facts, flag: (typeof FLAGS)[number]): Promise<boolean> {
  const [bucket, account] = [await readable(() => facts.block()), await readable(() => facts.accountBlock())];
  return bucket?.[flag] === true || account?.[flag] === true;
}

async function readable<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Unread) return undefined;
    throw error;
  }
}

export const accountPublicAccess: S3Check = {
  id: 's3/account-public-access',
  title: 'The account blocks public access',
  why: 'It counts for all buckets of the account, those to come too, and cannot be taken back bucket by bucket.',
  whenSealed: 'As with the block of the bucket: it keeps deleting and replacing from strangers.',
  severity: { plain: 'medium', sealed: 'low' },
  async look(facts) {
    const missing = missingFlags(await facts.accountBlock());
    const { bucketOwner: account = '' } = facts.options;
    if (missing.length === 0)
      return passed(`All four blocks of public access of the account ${account} are on.`);
    return failed(`The account ${account} does not block public access: it lacks ${missing.join(', ')}.`, {
      command: `aws s3control put-public-access-block --account-id ${account} --public-access-block-configuration ${ALL}`,
      terraform: `resource "aws_s3_account_public_access_block" "this" {
  account_id              = "${account}"
${TERRAFORM}
}`,
    });
  },
};
