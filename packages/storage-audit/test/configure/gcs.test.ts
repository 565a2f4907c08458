import {
  type Ask,
  applyPlan,
  auditGcs,
  encodeUndo,
  gcsStorage,
  parseUndo,
  planUndo,
  type Send,
  type Undo,
} from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { askingKms, BUCKET, CRYPTO_KEY, KEY, NAME, POLICY } from '../gcs/recorded.js';

type Members = Record<string, unknown>;

// Recorded answers, and what the specification of the JSON API says of PATCH and setIamPolicy: nobody's emulator refuses by metageneration and etag.
class Google {
  bucket: Members;
  policy: Members;
  changes = 0;
  fault: (number: number) => 'refuse' | 'lose' | undefined = () => undefined;

  constructor(bucket: Members, policy: Members) {
    this.bucket = structuredClone(bucket);
    this.policy = structuredClone(policy);
  }

  readonly send: Send = async (method, path, body) => {
    const url = new URL(path, 'http://localhost');
    const ofPolicy = url.pathname.endsWith('/iam');
    if (method === 'GET') return { status: 200, body: structuredClone(ofPolicy ? this.policy : this.bucket) };
    const fault = this.fault(++this.changes);
    if (fault === 'refuse') return { status: 403, body: {} };
    if (ofPolicy) {
      const { etag, ...policy } = body as Members;
      if (etag !== this.policy['etag']) return { status: 412, body: {} };
      this.policy = { ...policy, etag: `${String(etag)}+` };
    } else {
      if (url.searchParams.get('ifMetagenerationMatch') !== this.bucket['metageneration'])
        return { status: 412, body: {} };
      this.bucket = merged(this.bucket, body as Members);
      this.bucket['metageneration'] = String(Number(this.bucket['metageneration']) + 1);
    }
    if (fault === 'lose') throw new Error('the connection was lost');
    return { status: 200, body: {} };
  };
}

/** RFC 7396. */
function merged(target: Members, patch: Members): Members {
  const made = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete made[name];
    else if (typeof value === 'object' && !Array.isArray(value))
      made[name] = merged((made[name] ?? {}) as Members, value as Members);
    else made[name] = value;
  }
  return made;
}

const { encryption: _e, lifecycle: _l, ...others } = BUCKET;
const wrong = () =>
  new Google(
    {
      ...others,
      encryption: {},
      versioning: { enabled: false },
      softDeletePolicy: { retentionDurationSeconds: '0' },
      lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { age: 400 } }] },
      iamConfiguration: {
        uniformBucketLevelAccess: { enabled: false },
        publicAccessPrevention: 'inherited',
      },
    },
    {
      ...POLICY,
      bindings: [
        ...POLICY.bindings,
        { role: 'roles/storage.objectViewer', members: ['allUsers', 'user:a@example.com'] },
        { role: 'roles/storage.legacyBucketReader', members: ['allAuthenticatedUsers'] },
      ],
    },
  );
const storageOf = (google: Google, kms: Ask | undefined = askingKms()) =>
  gcsStorage(NAME, google.send, { kms });
const settled = ({ bucket: { metageneration: _m, ...bucket }, policy: { etag: _t, ...policy } }: Google) => ({
  bucket,
  policy,
});

async function applied(google: Google) {
  const storage = storageOf(google);
  const plan = await storage.plan({ key: `gcp-kms://${KEY}` });
  let kept: Undo | undefined;
  const keep = (undo: Undo) => {
    kept = parseUndo(encodeUndo(undo));
  };
  const report = await applyPlan(storage, plan, { keep, patienceMs: 0 });
  return { plan, report, undo: kept! };
}

describe('a bucket of Google', () => {
  it('passes its audit once it is configured, and is as before once that is undone', async () => {
    const google = wrong();
    const { plan, report, undo } = await applied(google);
    expect(report).toMatchObject({ notTried: [], done: plan.changes });
    expect(plan.leftOut).toMatchObject([{ check: 'gcs/uniform-access' }]);
    const ask: Ask = (path, call) => google.send('GET', path, undefined, call);
    const findings = await auditGcs(NAME, ask, { expectedKey: KEY, kms: askingKms() });
    const passed = findings.filter(({ outcome }) => outcome === 'passed').map(({ check }) => check);
    const mended = storageOf(google).checks.filter((check) => check !== 'gcs/uniform-access');
    expect(passed).toEqual(expect.arrayContaining([...mended]));
    // Only everybody is taken out.
    expect(google.policy['bindings']).toEqual([
      ...POLICY.bindings,
      { role: 'roles/storage.objectViewer', members: ['user:a@example.com'] },
    ]);
    expect((await planUndo(storageOf(google), undo)).refused.map(({ check }) => check)).toEqual([
      'gcs/public-bindings',
    ]);
    const back = await planUndo(storageOf(google), undo, { allowPublic: true });
    const undone = await applyPlan(storageOf(google), back, { keep: () => {}, patienceMs: 0 });
    expect(undone).toMatchObject({ notTried: [], done: back.changes });
    expect(settled(google)).toEqual(settled(wrong()));
  });

  it.each([null, [], { bindings: [null] }, { bindings: [{ role: 1 }] }])(
    'takes no undo of what is no policy: %j',
    async (before) => {
      const google = wrong();
      const { undo } = await applied(google);
      const changes = undo.changes.map((one) => (one.setting === 'iam-policy' ? { ...one, before } : one));
      await expect(planUndo(storageOf(google), { ...undo, changes })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    },
  );

  it.each(['refuse', 'lose'] as const)('tells what is true where a change fails: %s', async (fault) => {
    for (let at = 1; at <= 6; at++) {
      const google = wrong();
      google.fault = (number) => (number === at ? fault : undefined);
      const { report, undo } = await applied(google);
      if (fault === 'refuse')
        expect(report).toMatchObject({ failed: { found: 'before', error: { code: 'STORE_DENIED' } } });
      else expect(report.failed).toBeUndefined();
      expect(report.done).toHaveLength(fault === 'refuse' ? at - 1 : 6);
      expect((await planUndo(storageOf(google), undo, { allowPublic: true })).changes).toHaveLength(
        report.done.length,
      );
    }
  });

  it('is refused by Google where somebody changes it between the reading and the writing', async () => {
    const google = wrong();
    const { send } = google;
    const racing: Send = async (method, path, body, call) => {
      if (method === 'PATCH') google.bucket = { ...google.bucket, metageneration: '99' };
      return await send(method, path, body, call);
    };
    const storage = gcsStorage(NAME, racing, { kms: askingKms() });
    const plan = await storage.plan({ only: ['gcs/versioning'] });
    const { failed } = await applyPlan(storage, plan, { keep: () => {}, patienceMs: 0 });
    expect(failed).toMatchObject({ found: 'before', error: { code: 'STORE_CHANGED' } });
  });

  it('gives up access control lists only where that is named', async () => {
    const google = wrong();
    const plan = await storageOf(google).plan({ only: ['uniform-access'] });
    expect(plan.changes).toMatchObject([{ setting: 'uniform-access', after: true, back: false }]);
  });

  it.each([
    ['purpose', { ...CRYPTO_KEY, purpose: 'ASYMMETRIC_SIGN' }, 200],
    ['DISABLED', { ...CRYPTO_KEY, primary: { ...CRYPTO_KEY.primary, state: 'DISABLED' } }, 200],
    ['cloudkms.cryptoKeys.get', {}, 403],
  ])('is put under no key that is not right: %s', async (says, key, status) => {
    const { refused } = await storageOf(wrong(), askingKms(key, status)).plan({
      key: KEY,
      only: ['default-key'],
    });
    expect(refused).toMatchObject([{ reason: expect.stringContaining(says) }]);
  });

  it('keeps another key of a customer, and one that is elsewhere is not taken', async () => {
    const google = wrong();
    google.bucket['location'] = 'US-EAST1';
    const [there] = (await storageOf(google).plan({ key: KEY })).refused;
    expect(there?.reason).toContain('us-east1');
    google.bucket = { ...wrong().bucket, encryption: { defaultKmsKeyName: `${KEY}2` } };
    const [other] = (await storageOf(google).plan({ key: KEY })).refused;
    expect(other?.reason).toContain('another key of a customer');
  });

  it('refuses what cannot be read', async () => {
    const send: Send = async () => ({ status: 403, body: {} });
    const { changes, refused } = await gcsStorage(NAME, send).plan({});
    expect(changes).toEqual([]);
    expect(refused).toHaveLength(7);
    // A default that is Google's needs a key that nobody has told.
    const plan = await storageOf(wrong()).plan({});
    expect(plan.refused).toEqual([]);
    expect(plan.leftOut).toContainEqual({
      check: 'gcs/default-key',
      reason: expect.stringContaining('--key'),
    });
  });
});
