import { throwIfAborted, WeightsealError } from '@weightseal/core';
import { findingOf, inapplicable, type Judgement, unread } from '../report/judge.js';
import type { AuditOptions, Check, Finding } from '../types.js';
import type { Ask } from './ask.js';
import { CHECKS, type GcsCheck } from './checks.js';
import { judgeAcls, judgeBindings, judgePrevention, judgeUniform } from './judge-access.js';
import {
  judgeLifecycle,
  judgeLocked,
  judgeLogging,
  judgeRetention,
  judgeSoftDelete,
  judgeVersioning,
} from './judge-keeping.js';
import { defaultKeyOf, hasNoKey, judgeKey, judgeKeyEnabled, judgeKeyRotation } from './judge-key.js';
import { read, type Unread } from './read.js';

/** https://cloud.google.com/storage/docs/buckets#naming */
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/;

/** Every check of a bucket of Google Cloud Storage, for reports. */
export const GCS_CHECKS: readonly Check[] = Object.values(CHECKS);

export interface GcsAuditOptions extends AuditOptions {
  /** Asks Cloud KMS about the default key: `bearerAsk({ origin: 'https://cloudkms.googleapis.com', token })`. Without it the state and the rotation of the key are `unread`. */
  readonly kms?: Ask | undefined;
}

type Members = Readonly<Record<string, unknown>>;

/**
 * Looks at how a bucket of Google Cloud Storage is set up, by two requests, `buckets.get` and `buckets.getIamPolicy`, and one to Cloud KMS, `cryptoKeys.get`, which need the permissions
 * storage.buckets.get, storage.buckets.getIamPolicy and cloudkms.cryptoKeys.get. What cannot be read is `unread`. It changes nothing.
 *
 * @param ask of the JSON API: `bearerAsk({ origin: 'https://storage.googleapis.com', token })`
 * @throws INVALID_ARGUMENT for what is no name of a bucket, ABORTED
 */
export async function auditGcs(name: string, ask: Ask, options: GcsAuditOptions = {}): Promise<Finding[]> {
  if (!BUCKET.test(name))
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'This is no name of a bucket of Cloud Storage; give it without gs://.',
    );
  const { sealed = false, expectedKey, kms, signal } = options;
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
  const key = 'body' in bucket ? await keyOf(bucket.body, kms, signal) : undefined;
  throwIfAborted(signal);
  const ofKey = (judge: (key: unknown) => Judgement): Judgement => {
    if (!key) return inapplicable('There is no default key.');
    return 'unread' in key ? unread(key.unread) : judge(key.body);
  };
  const judgements: Record<GcsCheck, (of: Members) => Judgement> = {
    key: (of) => judgeKey(of, name, expectedKey),
    keyEnabled: () => ofKey(judgeKeyEnabled),
    keyRotation: () => ofKey(judgeKeyRotation),
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

/** What Cloud KMS says of the default key; undefined where there is none. */
async function keyOf(
  bucket: Members,
  kms: Ask | undefined,
  signal: AbortSignal | undefined,
): Promise<{ readonly body: Members } | Unread | undefined> {
  if (hasNoKey(bucket)) return undefined;
  const name = defaultKeyOf(bucket);
  if (name === undefined) return { unread: 'The default key has a name that Cloud KMS does not give.' };
  if (!kms) return { unread: 'Cloud KMS was not asked.' };
  return await read(kms, `/v1/${name}`, 'cloudkms.cryptoKeys.get', ({ name: its }) => its === name, signal);
}

/** One without bindings has no member of that name. */
export function isPolicy({ bindings, kind, etag }: Members): boolean {
  return bindings !== undefined || kind === 'storage#policy' || typeof etag === 'string';
}
