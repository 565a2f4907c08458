import type { Policy } from '../../s3/policy/document.js';
import { parsePolicy } from '../../s3/policy/parse.js';
import { publicGrants } from '../../s3/policy/public.js';
import {
  ofCustomerKeys,
  ofDefault,
  ofManagedKey,
  ofOtherKey,
  ofPlainHttp,
  ofS3Keys,
  ofTlsVersion,
} from '../../s3/policy/uploads.js';
import { parseStrictly } from '../../strict-json.js';
import { canonical } from '../canonical.js';
import type { Json } from '../types.js';
import { memberIn } from './json-text.js';

/** S3 takes no longer policy. https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html */
export const MAX_POLICY_BYTES = 20_480;

/** The text with more statements behind those that are there, which stay as they are, to the byte: no parser knows each number. @param text null for a bucket without a policy */
export function extended(text: string | null, more: readonly object[]): string {
  if (text === null) return JSON.stringify({ Version: '2012-10-17', Statement: more });
  parseStrictly(text);
  const { start, end } = memberIn(text, 'Statement');
  const [before, value, after] = [text.slice(0, start), text.slice(start, end), text.slice(end)];
  const added = more.map((one) => JSON.stringify(one)).join(',');
  if (value.startsWith('{')) return `${before}[${value},${added}]${after}`;
  const inner = value.slice(1, -1);
  return `${before}[${inner}${inner.trim() === '' ? '' : ','}${added}]${after}`;
}

/** Servers write one for a list of one, and lists in an order of their own. */
export function samePolicy(one: string, other: string): boolean {
  if (one === other) return true;
  try {
    return meaning(one) === meaning(other);
  } catch {
    return false;
  }
}

function meaning(text: string): string {
  const policy = parseStrictly(text) as Readonly<Record<string, Json>>;
  const statements = [policy['Statement'] ?? null].flat() as Json[];
  return canonical({ ...policy, Statement: statements.map(loosely) });
}

function loosely(value: Json): Json {
  if (Array.isArray(value)) {
    const all = (value as readonly Json[]).map(loosely);
    return all.length === 1 ? all[0]! : all.toSorted((a, b) => (canonical(a) < canonical(b) ? -1 : 1));
  }
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, loosely(one as Json)]));
}

/** Whether all that `before` has stands in `after` as it was, and all else there denies; and, by evaluation, what was refused still is, and nothing is granted to strangers that was not. @throws STORE_UNSUPPORTED for a policy that is too involved, STORE_RESPONSE_INVALID */
export function isTighter(
  before: string | null,
  after: string,
  bucket: string,
  key: string | undefined,
): boolean {
  const [was, is] = [before === null ? { statements: [] } : parsePolicy(before), parsePolicy(after)];
  return onlyDenies(was, is) && refusesNoLess(was, is, bucket, key) && grantsNoMore(was, is, bucket);
}

function onlyDenies(before: Policy, after: Policy): boolean {
  const same = before.statements.every(
    (one, index) => JSON.stringify(one) === JSON.stringify(after.statements[index]),
  );
  return same && after.statements.slice(before.statements.length).every(({ effect }) => effect === 'Deny');
}

const RANK = { never: 0, partly: 1, always: 2 } as const;

function refusesNoLess(before: Policy, after: Policy, bucket: string, key: string | undefined): boolean {
  const asks = [
    ofDefault,
    ofS3Keys,
    ofCustomerKeys,
    ofManagedKey,
    ofPlainHttp,
    ...['1.0', '1.1', '1.2', '1.3'].map(
      (version) => (policy: Policy, of: string) => ofTlsVersion(policy, of, version),
    ),
    ...(key === undefined ? [] : [(policy: Policy, of: string) => ofOtherKey(policy, of, key)]),
  ];
  return asks.every((ask) => RANK[ask(after, bucket).extent] >= RANK[ask(before, bucket).extent]);
}

function grantsNoMore(before: Policy, after: Policy, bucket: string): boolean {
  const had = new Set(
    publicGrants(before, bucket).map(({ action, key }) => `${action} ${key === undefined}`),
  );
  return publicGrants(after, bucket).every(({ action, key }) => had.has(`${action} ${key === undefined}`));
}
