import { WeightsealError } from '@weightseal/core';
import { auditGcs, type Finding, GCS_CHECKS, type GcsAuditOptions } from '@weightseal/storage-audit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../core/test/support/sealed.js';
import {
  type Answers,
  acl,
  aclOf,
  asking,
  askingKms,
  BUCKET,
  bucketWith,
  CRYPTO_KEY,
  KEY,
  NAME,
  POLICY,
} from './recorded.js';

const audit = (answers?: Answers, options?: GcsAuditOptions) =>
  auditGcs(NAME, asking(answers), { kms: askingKms(), ...options });
const of = (findings: readonly Finding[], check: string): Finding =>
  findings.find((finding) => finding.check === `gcs/${check}`)!;
const outcomes = (findings: readonly Finding[]) =>
  Object.fromEntries(findings.map(({ check, outcome }) => [check.replace('gcs/', ''), outcome]));
const OFF = { uniformBucketLevelAccess: { enabled: false }, publicAccessPrevention: 'inherited' };
const bindings = (...some: object[]) => ({ ...POLICY, bindings: [...POLICY.bindings, ...some] });

describe('a bucket', () => {
  it('that is set up right passes', async () => {
    const findings = await audit({}, { expectedKey: `gcp-kms://${KEY}` });
    expect(outcomes(findings)).toEqual({
      ...Object.fromEntries(GCS_CHECKS.map(({ id }) => [id.replace('gcs/', ''), 'passed'])),
      'public-acls': 'inapplicable',
    });
    expect(new Set(findings.map(({ resource }) => resource))).toEqual(new Set([`gs://${NAME}`]));
    expect(findings.map(({ check }) => check)).toEqual(GCS_CHECKS.map(({ id }) => id));
  });

  it('of which nothing was ever set fails', async () => {
    const { kind, id, name } = BUCKET;
    const plain = { kind, id, name, acl: acl('project-owners-1'), defaultObjectAcl: acl('project-owners-1') };
    expect(outcomes(await audit({ bucket: plain }))).toEqual({
      'default-key': 'failed',
      'default-key-enabled': 'inapplicable',
      'default-key-rotation': 'inapplicable',
      'uniform-access': 'failed',
      'public-access-prevention': 'failed',
      'public-bindings': 'passed',
      'public-acls': 'passed',
      retention: 'failed',
      'retention-locked': 'inapplicable',
      'soft-delete': 'unread',
      versioning: 'failed',
      logging: 'failed',
      'incomplete-uploads': 'failed',
    });
  });

  it.each<[string, string, object]>([
    ['default-key', 'failed', { encryption: undefined }],
    ['default-key', 'failed', { encryption: {} }],
    ['default-key', 'failed', { encryption: { defaultKmsKeyName: '' } }],
    ['default-key', 'unread', { encryption: { defaultKmsKeyName: 7 } }],
    ['default-key', 'unread', { encryption: 'AES256' }],
    ['uniform-access', 'failed', { iamConfiguration: OFF }],
    ['uniform-access', 'unread', { iamConfiguration: { uniformBucketLevelAccess: { enabled: 'true' } } }],
    ['public-access-prevention', 'failed', { iamConfiguration: OFF }],
    ['public-access-prevention', 'failed', { iamConfiguration: { publicAccessPrevention: 'unspecified' } }],
    ['public-access-prevention', 'unread', { iamConfiguration: { publicAccessPrevention: 'ENFORCED' } }],
    ['public-access-prevention', 'unread', { iamConfiguration: [] }],
    ['public-acls', 'unread', { iamConfiguration: OFF }],
    ['public-acls', 'unread', { iamConfiguration: OFF, acl: acl('project-owners-1') }],
    ['public-acls', 'passed', { iamConfiguration: OFF, acl: acl('user-a@b'), defaultObjectAcl: [] }],
    ['public-acls', 'failed', { iamConfiguration: OFF, acl: acl('allUsers'), defaultObjectAcl: [] }],
    [
      'public-acls',
      'failed',
      { iamConfiguration: OFF, acl: [], defaultObjectAcl: acl('allAuthenticatedUsers') },
    ],
    ['public-acls', 'unread', { iamConfiguration: OFF, acl: [{}], defaultObjectAcl: [] }],
    ['retention', 'failed', { retentionPolicy: undefined }],
    ['retention', 'failed', { retentionPolicy: undefined, objectRetention: { mode: 'Enabled' } }],
    ['retention', 'unread', { retentionPolicy: { retentionPeriod: '-1' } }],
    ['retention', 'failed', { retentionPolicy: { retentionPeriod: '86399', isLocked: true } }],
    ['retention', 'passed', { retentionPolicy: { retentionPeriod: '86400', isLocked: true } }],
    ['soft-delete', 'failed', { softDeletePolicy: { retentionDurationSeconds: '60' } }],
    ['retention-locked', 'failed', { retentionPolicy: { retentionPeriod: '86400' } }],
    ['retention-locked', 'unread', { retentionPolicy: { retentionPeriod: '86400', isLocked: 'yes' } }],
    ['soft-delete', 'failed', { softDeletePolicy: { retentionDurationSeconds: '0' } }],
    ['soft-delete', 'unread', { softDeletePolicy: undefined }],
    ['versioning', 'failed', { versioning: { enabled: false } }],
    ['versioning', 'unread', { versioning: true }],
    ['logging', 'failed', { logging: undefined }],
    ['logging', 'unread', { logging: { logBucket: ['a'] } }],
    [
      'incomplete-uploads',
      'failed',
      { lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { age: 7 } }] } },
    ],
    [
      'incomplete-uploads',
      'failed',
      {
        lifecycle: {
          rule: [
            {
              action: { type: 'AbortIncompleteMultipartUpload' },
              condition: { age: 7, matchesPrefix: ['a'] },
            },
          ],
        },
      },
    ],
    ['incomplete-uploads', 'unread', { lifecycle: { rule: {} } }],
  ])('%s: %s for %j', async (check, outcome, members) => {
    const finding = of(await audit({ bucket: bucketWith(members) }), check);
    expect(finding.outcome).toBe(outcome);
    expect(finding.mend !== undefined).toBe(outcome === 'failed');
  });

  it('keeps what is kept for less than a day too short, and says for how long', async () => {
    const short = bucketWith({
      retentionPolicy: { retentionPeriod: '3600' },
      softDeletePolicy: { retentionDurationSeconds: '60' },
    });
    const findings = await audit({ bucket: short });
    expect(of(findings, 'retention').evidence).toBe('Objects are kept for 3600 seconds only.');
    expect(of(findings, 'soft-delete').evidence).toBe('What is deleted can be restored for 60 seconds only.');
  });

  it('has the key that was expected, or another one', async () => {
    for (const expectedKey of [
      KEY,
      `gcp-kms://${KEY}/cryptoKeyVersions/3`,
      `//cloudkms.googleapis.com/${KEY}`,
    ])
      expect(of(await audit({}, { expectedKey }), 'default-key').outcome).toBe('passed');
    const wrong = of(await audit({}, { expectedKey: `gcp-kms://${KEY}2` }), 'default-key');
    expect(wrong).toMatchObject({
      outcome: 'failed',
      evidence: `The default key is ${KEY}, and ${KEY}2 was expected.`,
    });
    expect(wrong.mend!.command).toBe(
      `gcloud storage service-agent --authorize-cmek=${KEY}2\ngcloud storage buckets update gs://${NAME} --default-encryption-key=${KEY}2`,
    );
  });

  it('is less at risk where all in it is sealed, and deleting is as easy', async () => {
    const plain = { kind: BUCKET.kind, name: NAME };
    const [before, after] = [
      await audit({ bucket: plain }),
      await audit({ bucket: plain }, { sealed: true }),
    ];
    expect([of(before, 'default-key').severity, of(after, 'default-key').severity]).toEqual(['high', 'low']);
    expect([of(before, 'versioning').severity, of(after, 'versioning').severity]).toEqual([
      'medium',
      'medium',
    ]);
  });
});

describe('the default key', () => {
  const judged = async (kms: GcsAuditOptions['kms'], answers: Answers = {}) => {
    const found = await audit(answers, { kms });
    return [of(found, 'default-key-enabled'), of(found, 'default-key-rotation')].map(
      ({ outcome }) => outcome,
    );
  };
  const key = (members: object) => askingKms({ ...CRYPTO_KEY, ...members });

  it.each<[string, string, object]>([
    ['passed', 'passed', {}],
    ['failed', 'passed', { primary: { ...CRYPTO_KEY.primary, state: 'DISABLED' } }],
    ['failed', 'passed', { primary: { ...CRYPTO_KEY.primary, state: 'DESTROY_SCHEDULED' } }],
    ['unread', 'unread', { primary: undefined }],
    ['unread', 'passed', { primary: { name: 1 } }],
    ['passed', 'failed', { rotationPeriod: undefined }],
    ['passed', 'unread', { rotationPeriod: 7776000 }],
    [
      'passed',
      'inapplicable',
      { rotationPeriod: undefined, versionTemplate: { protectionLevel: 'EXTERNAL_VPC' } },
    ],
    ['unread', 'unread', { name: `${KEY}2` }],
  ])('is enabled: %s, and rotated: %s, for %j', async (enabled, rotated, members) => {
    expect(await judged(key(members))).toEqual([enabled, rotated]);
  });

  it('is unread where Cloud KMS does not say, or was not asked', async () => {
    expect(await judged(askingKms({}, 403))).toEqual(['unread', 'unread']);
    expect(await judged(undefined)).toEqual(['unread', 'unread']);
    const strange = bucketWith({ encryption: { defaultKmsKeyName: 'projects/a/../../b' } });
    expect(await judged(askingKms(), { bucket: strange })).toEqual(['unread', 'unread']);
  });

  it('is mended by its own name', async () => {
    const found = await audit({}, { kms: key({ rotationPeriod: undefined }) });
    expect(of(found, 'default-key-rotation').mend!.command).toContain(
      `gcloud kms keys update ${KEY} --rotation-period=90d`,
    );
  });
});

describe('access control lists', () => {
  const judged = async (members: object, sealed: boolean) =>
    of(await audit({ bucket: bucketWith({ iamConfiguration: OFF, ...members }) }, { sealed }), 'public-acls');

  it('for everybody to read are less bad once all is sealed, and for more than that they are not', async () => {
    const own = (role: unknown, entity = 'allUsers') => ({
      acl: [...acl('allUsers'), ...aclOf(role, entity)],
      defaultObjectAcl: [],
    });
    expect(await judged(own('READER'), true)).toMatchObject({ outcome: 'failed', severity: 'medium' });
    expect((await judged(own('READER'), false)).severity).toBe('critical');
    for (const role of ['WRITER', 'OWNER', 'reader', undefined, 7])
      for (const entity of ['allUsers', 'allAuthenticatedUsers'])
        expect((await judged(own(role, entity), true)).severity).toBe('critical');
    const others = { acl: [], defaultObjectAcl: aclOf('OWNER', 'allUsers') };
    expect(await judged(others, true)).toMatchObject({
      severity: 'critical',
      evidence: 'Open to everybody: the list for new objects names allUsers, as OWNER.',
    });
    expect((await judged(own('WRITER'), true)).mend!.command).toContain(
      `gs://${NAME} --remove-acl-grant=allUsers`,
    );
    // Somebody in particular may write.
    const owned = { acl: [...acl('allUsers'), ...aclOf('OWNER', 'user-a@b')], defaultObjectAcl: [] };
    expect((await judged(owned, true)).severity).toBe('medium');
  });
});

it('what a cloud answers does not act on a terminal', async () => {
  const finding = of(
    await audit({ bucket: bucketWith({ logging: { logBucket: 'a\u001b[2J\n\u202e' } }) }),
    'logging',
  );
  expect(finding.evidence).toBe('Usage logs go to gs://a\\u001b[2J\\u000a\\u202e.');
});

describe('bindings', () => {
  const open = { bucket: bucketWith({ iamConfiguration: OFF, acl: [], defaultObjectAcl: [] }) };
  const judged = async (policy: unknown, answers: Answers = open, options?: GcsAuditOptions) =>
    of(await audit({ ...answers, policy }, options), 'public-bindings');

  it('for everybody are told, readers as less bad than writers once all is sealed', async () => {
    const reader = bindings({ role: 'roles/storage.objectViewer', members: ['user:a@b', 'allUsers'] });
    expect(await judged(reader)).toMatchObject({
      outcome: 'failed',
      severity: 'critical',
      evidence: 'allUsers has roles/storage.objectViewer.',
      mend: {
        command: `gcloud storage buckets remove-iam-policy-binding gs://${NAME} --member=allUsers --role=roles/storage.objectViewer --all`,
      },
    });
    expect((await judged(reader, open, { sealed: true })).severity).toBe('medium');
    for (const role of [
      'roles/storage.objectUser',
      'roles/storage.legacyBucketWriter',
      'organizations/1/roles/own',
    ])
      expect((await judged(bindings({ role, members: ['allUsers'] }), open, { sealed: true })).severity).toBe(
        'critical',
      );
  });

  it('under a condition are for everybody too', async () => {
    const condition = { title: 'until', expression: 'request.time < timestamp("2099-01-01T00:00:00Z")' };
    const policy = bindings({
      role: 'roles/storage.objectViewer',
      members: ['allAuthenticatedUsers'],
      condition,
    });
    expect((await judged(policy)).evidence).toBe(
      'allAuthenticatedUsers has roles/storage.objectViewer under a condition.',
    );
  });

  it('have no effect while public access prevention is enforced, and count whatever else could be read', async () => {
    const policy = bindings({ role: 'roles/storage.objectViewer', members: ['allUsers'] });
    expect(await judged(policy, {})).toMatchObject({ outcome: 'failed', severity: 'low' });
    expect(await judged(policy, { status: 403, bucket: {} })).toMatchObject({
      outcome: 'failed',
      severity: 'critical',
    });
  });

  it.each([
    [{ ...POLICY, bindings: {} }],
    [{ ...POLICY, bindings: [{}] }],
    [bindings({ role: 'a', members: 'allUsers' })],
    [{}],
    [[]],
    ['<html>'],
    [undefined],
  ])('that are none are unread: %j', async (policy) => {
    expect((await judged(policy === undefined ? null : policy)).outcome).toBe('unread');
  });

  it('need not be there', async () => {
    expect((await judged({ kind: 'storage#policy', etag: 'CAc=' })).outcome).toBe('passed');
  });
});

describe('what cannot be read is unread', () => {
  it.each([
    [401, 'grant storage.buckets.get,'],
    [403, 'grant storage.buckets.get,'],
    [404, 'does not exist'],
    [302, 'status 302'],
    [500, 'status 500'],
    [503, 'status 503'],
  ])('for the status %i', async (status, words) => {
    const findings = await audit({ status, bucket: { error: { code: status } } });
    const { 'public-bindings': own, ...others } = outcomes(findings);
    expect(own).toBe('passed');
    expect(new Set(Object.values(others))).toEqual(new Set(['unread']));
    expect(of(findings, 'versioning').evidence).toContain(words);
    const policy = await audit({ policyStatus: status, policy: {} });
    expect(of(policy, 'public-bindings').outcome).toBe('unread');
    expect(of(policy, 'versioning').outcome).toBe('passed');
  });

  it('for the answer of something else', async () => {
    for (const bucket of ['<html>login</html>', [], null, {}, { ...BUCKET, name: 'other' }])
      expect(of(await audit({ bucket }), 'versioning').outcome).toBe('unread');
  });

  it('where nobody answers', async () => {
    const ask = () => Promise.reject(new WeightsealError('STORE_TIMEOUT', 'It did not answer in time.'));
    const findings = await auditGcs(NAME, ask);
    expect(new Set(findings.map(({ outcome }) => outcome))).toEqual(new Set(['unread']));
    expect(findings[0]!.evidence).toBe('It did not answer in time.');
    const strange = await auditGcs(NAME, () => Promise.reject(new Error('a token: secret')));
    expect(JSON.stringify(strange)).not.toContain('secret');
  });

  it('and an abort ends it', async () => {
    const signal = AbortSignal.abort();
    expect((await refusal(() => audit({}, { signal }))).code).toBe('ABORTED');
  });

  it('property: nothing passes that is not as the API has it, and nothing throws', async () => {
    const members = Object.keys(BUCKET).filter((name) => name !== 'name');
    const strange = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.constant([]),
      fc.constant([1]),
      fc.constant({ enabled: 'x' }),
    );
    const ABOUT: Record<string, readonly string[]> = {
      encryption: ['default-key', 'default-key-enabled', 'default-key-rotation'],
      iamConfiguration: ['uniform-access', 'public-access-prevention', 'public-acls'],
      retentionPolicy: ['retention', 'retention-locked'],
      softDeletePolicy: ['soft-delete'],
      versioning: ['versioning'],
      logging: ['logging'],
      lifecycle: ['incomplete-uploads'],
    };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...members), strange, async (name, value) => {
        const found = outcomes(await audit({ bucket: bucketWith({ [name]: value }) }));
        for (const check of ABOUT[name] ?? []) expect(found[check]).not.toBe('passed');
      }),
      { numRuns: 300 },
    );
  });
});

it.each(['', 'gs://models', 'models/a', 'Models', '../x', 'a?b'])('%j is no bucket', async (name) => {
  expect((await refusal(() => auditGcs(name, asking()))).code).toBe('INVALID_ARGUMENT');
});
