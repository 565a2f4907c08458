import { EVERYBODY } from '../../gcs/judge-access.js';
import { judgeLifecycle } from '../../gcs/judge-keeping.js';
import { listAt, numberAt, STRANGE, textAt } from '../../gcs/members.js';
import {
  type Asked,
  change,
  kept,
  leftOut,
  type Piece,
  type Planned,
  planOf,
  type Read,
  refused,
  withoutKey,
} from '../pieces.js';
import type { Change, Json } from '../types.js';
import { type OfBucket, SETTINGS, type Setting, valueIn } from './settings.js';

export const CHECKS: Readonly<Record<Setting, string>> = {
  encryption: 'gcs/default-key',
  versioning: 'gcs/versioning',
  'soft-delete': 'gcs/soft-delete',
  lifecycle: 'gcs/incomplete-uploads',
  'uniform-access': 'gcs/uniform-access',
  'iam-policy': 'gcs/public-bindings',
  'public-access-prevention': 'gcs/public-access-prevention',
};

type Members = Readonly<Record<string, Json>>;

export interface GcsRead {
  readonly name: string;
  readonly bucket: Read<Members>;
  /** What getIamPolicy gave. */
  readonly policy: Read<Members>;
  /** The resource name of the wanted key, which can be used here; undefined where none is wanted. */
  readonly key: Read<string> | undefined;
}

const A_DAY_S = 86_400;
const NEEDS_KEY = 'It needs the key that objects are to be under: name it by --key (`key`).';
const UPDATE = 'storage.buckets.update';

/** What is to be changed, of what was read. Pure. */
export function planGcs(read: GcsRead, asked: Asked): Planned {
  const pieces = SETTINGS.filter((setting) => asked.wants(CHECKS[setting])).flatMap((setting) =>
    setting === 'iam-policy' ? planBindings(read.policy) : ofBucket(read, setting, asked),
  );
  return planOf(`gs://${read.name}`, pieces);
}

function ofBucket(read: GcsRead, setting: OfBucket, asked: Asked): readonly Piece[] {
  const check = CHECKS[setting];
  if ('unread' in read.bucket) return refused([check], read.bucket.unread);
  const before = valueIn(read.bucket.value, setting);
  if (before === undefined)
    return refused([check], `What the bucket says of ${setting} is not what the API has.`);
  const made = PLANS[setting](before, read);
  if (made === undefined) return kept(check);
  if (made === NEEDS_KEY) return withoutKey([check], made, asked);
  if (typeof made === 'string') return refused([check], made);
  if (setting === 'uniform-access' && !asked.named(check))
    return [
      leftOut(
        check,
        'Whoever is let in by an access control list is locked out by it, and after 90 days there is no way back. --only names it.',
      ),
    ];
  const { after, note, back } = made;
  return [
    change({
      setting,
      checks: [check],
      now: saidOf(before),
      later: saidOf(after),
      before,
      after,
      ...(back !== undefined && { back }),
      permissions: [UPDATE],
      undo: 'buckets.patch, as it was',
      note,
    }),
  ];
}

type Made = (Pick<Change, 'after' | 'note'> & { readonly back?: Json }) | string | undefined;

/** Undefined where it is right, a reason where it is not touched. */
const PLANS: Readonly<Record<OfBucket, (before: Json, read: GcsRead) => Made>> = {
  encryption: (before, { key }) => {
    if (key === undefined) return before ? undefined : NEEDS_KEY;
    if ('unread' in key) return key.unread;
    if (before === key.value) return undefined;
    if (before)
      return `The default is another key of a customer, ${saidOf(before)}, and is kept: set it by hand where it is to be replaced.`;
    return {
      after: key.value,
      note: 'Only what is uploaded from now on is under that key. The service agent of Cloud Storage needs roles/cloudkms.cryptoKeyEncrypterDecrypter for it, which is not looked at here: without it no upload gets through.',
    };
  },
  versioning: (before) =>
    before === true
      ? undefined
      : {
          after: true,
          back: false,
          note: 'What is overwritten and deleted stays, and is paid for, until a lifecycle rule removes it.',
        },
  'soft-delete': (before) => {
    const seconds = numberAt({ before }, 'before');
    if (seconds === undefined || seconds === STRANGE) return 'The bucket does not tell of soft delete.';
    return seconds >= A_DAY_S ? undefined : { after: String(7 * A_DAY_S), note: undefined };
  },
  lifecycle: (before, { name }) => {
    if (judgeLifecycle({ lifecycle: before }, name).outcome === 'passed') return undefined;
    const rules = listAt(before, 'rule') ?? [];
    if (rules === STRANGE) return 'The rules of the lifecycle are no list.';
    const rule = { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 7 } };
    return {
      after: { ...(before as Members | null), rule: [...(rules as readonly Json[]), rule] },
      ...(before === null && { back: { rule: [] } }),
      note: 'An upload in parts that is gone on with after 7 days begins anew.',
    };
  },
  'uniform-access': (before) =>
    before === true
      ? undefined
      : { after: true, back: false, note: 'Access control lists do not count from then on.' },
  'public-access-prevention': (before) =>
    before === 'enforced'
      ? undefined
      : {
          after: 'enforced',
          back: 'inherited',
          note: 'Whoever reads without an account is refused from then on.',
        },
};

/** Members who are everybody are taken out of their bindings; all else in the policy stays. */
function planBindings(policy: Read<Members>): readonly Piece[] {
  const check = CHECKS['iam-policy'];
  if ('unread' in policy) return refused([check], policy.unread);
  const before = withoutTag(policy.value);
  const bindings = listAt(before, 'bindings') ?? [];
  if (bindings === STRANGE) return refused([check], 'The bindings of the policy are no list.');
  const open: string[] = [];
  const after: Json[] = [];
  for (const binding of bindings as readonly Members[]) {
    const [role, members] = [textAt(binding, 'role'), listAt(binding, 'members') ?? []];
    if (typeof role !== 'string' || typeof members === 'symbol')
      return refused([check], 'A binding of the policy has no role, or no list of members.');
    const left = members.filter((one) => !EVERYBODY.includes(one as string)) as Json[];
    if (left.length === members.length) after.push(binding);
    else {
      open.push(role);
      if (left.length > 0) after.push({ ...binding, members: left });
    }
  }
  if (open.length === 0) return kept(check);
  return [
    change({
      setting: 'iam-policy',
      checks: [check],
      now: `everybody has ${open.join(', ')}`,
      later: 'everybody has nothing; all other members stay',
      before,
      after: { ...before, bindings: after },
      permissions: ['storage.buckets.setIamPolicy'],
      undo: 'buckets.setIamPolicy, as it was',
      note: 'Whoever reads without an account is refused from then on.',
    }),
  ];
}

/** The tag is another one after each change. */
export function withoutTag({ etag: _, ...policy }: Members): Members {
  return policy;
}

function saidOf(value: Json): string {
  if (value === null) return 'not set';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
