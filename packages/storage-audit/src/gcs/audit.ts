import { throwIfAborted, WeightsealError } from '@weightseal/core';
import { findingOf, type Judgement, unread } from '../report/judge.js';
import type { AuditOptions, Check, Finding } from '../types.js';
import type { Ask } from './ask.js';
import { CHECKS, type GcsCheck } from './checks.js';
import { judgeAcls, judgeBindings, judgePrevention, judgeUniform } from './judge-access.js';
import {
  judgeKey,
  judgeLifecycle,
  judgeLocked,
  judgeLogging,
  judgeRetention,
  judgeSoftDelete,
  judgeVersioning,
} from './judge-keeping.js';
import { read, type Unread } from './read.js';

/** https://cloud.google.com/storage/docs/buckets#naming */
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/;

/** Every check of a bucket of Google Cloud Storage, for reports. */
export const GCS_CHECKS: readonly Check[] = Object.values(CHECKS);

/**
 * Looks at how a bucket of Google Cloud Storage is set up, by two requests: `buckets.get` (storage.buckets.get) and `buckets.getIamPolicy` (storage.buckets.getIamPolicy). What cannot be read is
 * `unread`. It changes nothing.
 *
 * @param ask of the JSON API: `bearerAsk({ origin: 'https://storage.googleapis.com', token })`
 * @throws INVALID_ARGUMENT for what is no name of a bucket, ABORTED
 */
export async function auditGcs(name: string, ask: Ask, options: AuditOptions = {}): Promise<Finding[]> {
  if (!BUCKET.test(name))
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'This is no name of a bucket of Cloud Storage; give it without gs://.',
    );
  const { sealed = false, expectedKey, signal } = options;
  const path = `/storage/v1/b/${encodeURIComponent(name)}`;
  const [bucket, policy] = await Promise.all([
    // Without `full` the answer has no access control lists.
    read(ask, `${path}?projection=full`, 'storage.buckets.get', ({ name: its }) => its === name, signal),
    read(
      ask,
      `${path}/iam?optionsRequestedPolicyVersion=3`,
      'storage.buckets.getIamPolicy',
      isPolicy,
      signal,
    ),
  ]);
  throwIfAborted(signal);
  const judgements: Record<GcsCheck, (of: Readonly<Record<string, unknown>>) => Judgement> = {
    key: (of) => judgeKey(of, name, expectedKey),
    uniform: (of) => judgeUniform(of, name),
    prevention: (of) => judgePrevention(of, name),
    bindings: (of) => ('unread' in policy ? unread(policy.unread) : judgeBindings(policy.body, of, name)),
    acls: (of) => judgeAcls(of, name),
    retention: (of) => judgeRetention(of, name),
    locked: (of) => judgeLocked(of, name),
    softDelete: (of) => judgeSoftDelete(of, name),
    versioning: (of) => judgeVersioning(of, name),
    logging: (of) => judgeLogging(of, name),
    lifecycle: (of) => judgeLifecycle(of, name),
  };
  return (Object.keys(CHECKS) as GcsCheck[]).map((check) => {
    // A binding for everybody counts whatever else could be read of the bucket.
    const of = check === 'bindings' && 'unread' in bucket ? {} : 'body' in bucket ? bucket.body : undefined;
    const judgement = of ? judgements[check](of) : unread((bucket as Unread).unread);
    return findingOf(CHECKS[check], `gs://${name}`, judgement, sealed);
  });
}

/** One without bindings has no member of that name. */
function isPolicy({ bindings, kind, etag }: Readonly<Record<string, unknown>>): boolean {
  return bindings !== undefined || kind === 'storage#policy' || typeof etag === 'string';
}
