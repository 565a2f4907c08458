import { failed, inapplicable, type Judgement, passed, unread } from '../report/judge.js';
import { flagAt, listAt, STRANGE, textAt } from './members.js';
import { mendAcls, mendBindings, mendBucket, mendPrevention } from './mend.js';

export const EVERYBODY: readonly string[] = ['allUsers', 'allAuthenticatedUsers'];
/** Roles by which objects are read and listed, and no more; of any other nobody is sure. */
const READERS =
  /^roles\/storage\.(?:objectViewer|legacyObjectReader|legacyBucketReader|bucketViewer|viewer)$/;
/** Of an access control list: the one role that only reads. */
const READER = 'READER';
/** Sealing keeps nobody from replacing or deleting. */
const WRITABLE = { plain: 'critical', sealed: 'critical' } as const;
const UNIFORM = ['iamConfiguration', 'uniformBucketLevelAccess', 'enabled'] as const;

export function judgeUniform(bucket: unknown, name: string): Judgement {
  const enabled = flagAt(bucket, ...UNIFORM);
  if (enabled === STRANGE) return unread('What the bucket says of uniform access is not what the API has.');
  if (enabled) return passed('Uniform bucket-level access is on.');
  return failed(
    'Uniform bucket-level access is off: access control lists count.',
    mendBucket(name, '--uniform-bucket-level-access', 'uniform_bucket_level_access = true'),
  );
}

export function judgePrevention(bucket: unknown, name: string): Judgement {
  const found = textAt(bucket, 'iamConfiguration', 'publicAccessPrevention');
  if (found === 'enforced') return passed('Public access prevention is enforced by the bucket.');
  // `unspecified` is what `inherited` was called before.
  if (found !== undefined && found !== 'inherited' && found !== 'unspecified')
    return unread('What the bucket says of public access prevention is not known.');
  return failed(
    'Public access prevention is inherited: it holds only as long as a policy of the organisation says so, which the bucket does not tell.',
    mendPrevention(name),
  );
}

/** @param policy what `getIamPolicy` gave */
export function judgeBindings(policy: unknown, bucket: unknown, name: string): Judgement {
  const bindings = listAt(policy, 'bindings') ?? [];
  if (bindings === STRANGE) return unread('The bindings of the policy are no list.');
  const open: { readonly role: string; readonly member: string; readonly condition: boolean }[] = [];
  for (const binding of bindings) {
    const [role, members] = [textAt(binding, 'role'), listAt(binding, 'members') ?? []];
    if (typeof role !== 'string' || typeof members === 'symbol')
      return unread('A binding of the policy has no role, or no list of members.');
    const condition = textAt(binding, 'condition', 'expression') !== undefined;
    for (const member of EVERYBODY) if (members.includes(member)) open.push({ role, member, condition });
  }
  if (open.length === 0)
    return passed(
      'No binding of the bucket is for allUsers or allAuthenticatedUsers. Those of the project are not seen here.',
    );
  const mend = mendBindings(
    name,
    open.map(({ role, member }) => [role, member]),
  );
  const said = open
    .map(({ role, member, condition }) => `${member} has ${role}${condition ? ' under a condition' : ''}`)
    .join('; ');
  if (textAt(bucket, 'iamConfiguration', 'publicAccessPrevention') === 'enforced')
    return failed(
      `${said}. Public access prevention keeps that from having an effect, as long as it is enforced.`,
      mend,
      { plain: 'low', sealed: 'low' },
    );
  const onlyReads = open.every(({ role }) => READERS.test(role));
  return failed(`${said}.`, mend, onlyReads ? undefined : WRITABLE);
}

export function judgeAcls(bucket: unknown, name: string): Judgement {
  if (flagAt(bucket, ...UNIFORM) === true)
    return inapplicable('Access control lists do not count in this bucket.');
  const [own, others] = [openIn(listAt(bucket, 'acl')), openIn(listAt(bucket, 'defaultObjectAcl'))];
  if (!own || !others)
    return unread(
      'The access control lists were not told: grant storage.buckets.getIamPolicy, and audit again.',
    );
  if (own.length + others.length === 0)
    return passed(
      'Neither the list of the bucket nor that for new objects is for everybody. Lists of single objects are not seen here.',
    );
  const said = [
    ...own.map((one) => `the list of the bucket names ${told(one)}`),
    ...others.map((one) => `the list for new objects names ${told(one)}`),
  ].join('; ');
  const names = (list: readonly Open[]) => [...new Set(list.map(({ entity }) => entity))];
  return failed(
    `Open to everybody: ${said}.`,
    mendAcls(name, { own: names(own), others: names(others) }),
    [...own, ...others].every(({ role }) => role === READER) ? undefined : WRITABLE,
  );
}

interface Open {
  readonly entity: string;
  readonly role: unknown;
}

function told({ entity, role }: Open): string {
  if (role === READER) return entity;
  return `${entity}, ${typeof role === 'string' ? `as ${role}` : 'in a role that is not told'}`;
}

/** Those that are for everybody; undefined where nobody can tell. */
function openIn(list: ReturnType<typeof listAt>): Open[] | undefined {
  if (list === undefined || list === STRANGE) return undefined;
  const entries = list.map((entry) => ({ entity: textAt(entry, 'entity'), role: textAt(entry, 'role') }));
  if (entries.some(({ entity }) => typeof entity !== 'string')) return undefined;
  return (entries as Open[]).filter(({ entity }) => EVERYBODY.includes(entity));
}
