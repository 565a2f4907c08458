import { isWeightsealError } from '@weightseal/core';
import type { Statement } from '../../s3/policy/document.js';
import { parsePolicy } from '../../s3/policy/parse.js';
import { type Asked, change, kept, leftOut, type Piece, refused } from '../pieces.js';
import type { S3Read } from './read.js';
import { WAYS } from './settings.js';

const OWNERSHIP = 's3/object-ownership';

/** Without ACLs the bucket owns what other accounts have uploaded, and its policy counts for that too; and who is let in by the ACL of an object is not any more. */
export function planOwnership(read: S3Read, asked: Asked): readonly Piece[] {
  const { others, settings } = read;
  const setting = settings['object-ownership'];
  if (!asked.wants(OWNERSHIP)) return [];
  if ('unread' in setting) return refused([OWNERSHIP], setting.unread);
  const now = (setting.value as { readonly Rules?: readonly { readonly ObjectOwnership?: string }[] } | null)
    ?.Rules?.[0]?.ObjectOwnership;
  if (now === 'BucketOwnerEnforced') return kept(OWNERSHIP);
  if (!asked.named(OWNERSHIP))
    return [
      leftOut(
        OWNERSHIP,
        'Whoever reads by the ACL of a single object, which is not read here, is locked out by it, and objects of other accounts become those of the bucket. --only names it.',
      ),
    ];
  if ('unread' in others) return refused([OWNERSHIP], others.unread);
  if (others.value > 0)
    return refused(
      [OWNERSHIP],
      `The ACL of the bucket names ${others.value} beside its owner, who would be locked out: grant by the policy what they need, and take them out.`,
    );
  const open = openBy(read);
  if (open !== undefined) return refused([OWNERSHIP], open);
  return [
    change({
      setting: 'object-ownership',
      checks: [OWNERSHIP],
      now: now ?? 'none is set',
      later: 'BucketOwnerEnforced',
      before: setting.value,
      after: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      permissions: [WAYS['object-ownership'].permissions.put],
      undo:
        setting.value === null ? 'DeleteBucketOwnershipControls' : 'PutBucketOwnershipControls, as it was',
      note: 'The ACLs of single objects, which were not read, do not count from then on, and uploads that name another one than bucket-owner-full-control are refused. Policies of identities of your account then reach objects that other accounts own now.',
    }),
  ];
}

/** Whom the policy would let in where it did not; undefined where it lets in nobody but the account of the bucket. */
function openBy({ settings: { policy }, owner }: S3Read): string | undefined {
  if ('unread' in policy) return policy.unread;
  if (policy.value === null) return undefined;
  try {
    const { statements } = parsePolicy(policy.value as string);
    const index = statements.findIndex((one) => one.effect === 'Allow' && !isWithin(one, owner));
    if (index === -1) return undefined;
    const name = statements[index]!.sid ?? `number ${index + 1}`;
    return `The statement ${name} of the policy lets in others than the account of the bucket${owner === undefined ? ' (--owner tells which that is)' : ''}, and would do so for objects that other accounts own now. Change it by hand.`;
  } catch (error) {
    if (isWeightsealError(error)) return error.message;
    throw error;
  }
}

function isWithin({ who }: Statement, owner: string | undefined): boolean {
  if (owner === undefined || who.not || who.everyone) return false;
  return who.named.every(
    ({ kind, id }) =>
      kind === 'AWS' && (id === owner || /^arn:[a-z-]+:(?:iam|sts)::(\d{12}):/.exec(id)?.[1] === owner),
  );
}
