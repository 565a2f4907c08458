import {
  applyPlan,
  auditS3,
  encodeUndo,
  type Json,
  parseUndo,
  planUndo,
  type S3StorageOptions,
  type Undo,
} from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { allow, KEY, OTHER_KEY } from '../policy/statements.js';
import { clientOf } from '../s3/fake.js';
import { Bucket, kms, storageOf } from './bucket.js';

/** With a policy, rules and an encryption of somebody's. */
const wrong = () => ({
  BucketPolicy: `{ "Version": "2012-10-17",  "Statement": ${JSON.stringify(allow({ Principal: { AWS: '111122223333' }, Sid: 'Ours' }))} }`,
  BucketEncryption: { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
  BucketLifecycleConfiguration: {
    Rules: [
      {
        ID: 'old',
        Status: 'Enabled',
        Filter: { Prefix: 'tmp/' },
        Expiration: { Date: new Date('2030-01-01') },
      },
    ],
    TransitionDefaultMinimumObjectSize: 'varies_by_storage_class',
  },
  BucketVersioning: { Status: 'Suspended' },
  PublicAccessBlock: { BlockPublicAcls: true },
});

/** Also what only a name brings. */
const ALL = { key: KEY, only: storageOf(new Bucket()).checks };

const SHARED = { Owner: { ID: 'us' }, Grants: [{ Grantee: { ID: 'us' } }, { Grantee: { ID: 'them' } }] };

interface Kept {
  undo?: Undo;
}

async function applied(bucket: Bucket, kept: Kept = {}, more: object = {}) {
  const storage = storageOf(bucket);
  const plan = await storage.plan(ALL);
  const keep = (undo: Undo) => {
    kept.undo = undo;
  };
  return await applyPlan(storage, plan, { keep, patienceMs: 0, ...more });
}

const outcomes = async (bucket: Bucket) => {
  const options = {
    expectedKey: KEY,
    anonymous: false,
    region: 'eu-central-1',
    clients: { s3: bucket, kms },
  };
  const findings = await Array.fromAsync(auditS3('models', options));
  return Object.fromEntries(findings.map(({ check, outcome }) => [check, outcome]));
};

describe('what is applied', () => {
  it.each([
    ['a bucket that nobody has set up', {}],
    ['one with settings of somebody’s', wrong()],
  ])('makes the audit pass: %s', async (_, state) => {
    const bucket = new Bucket(state);
    const { done, failed } = await applied(bucket);
    expect(failed).toBeUndefined();
    expect(done).toHaveLength(6);
    const found = await outcomes(bucket);
    for (const check of storageOf(bucket).checks) expect([check, found[check]]).toEqual([check, 'passed']);
    // A second time there is nothing to do.
    expect((await storageOf(bucket).plan(ALL)).changes).toEqual([]);
  });

  it('keeps what is there: statements, rules, and what S3 would set to its default', async () => {
    const bucket = new Bucket(wrong());
    await applied(bucket);
    const policy = JSON.parse(bucket.state['BucketPolicy'] as string) as { Statement: object[] };
    expect(policy.Statement[0]).toMatchObject({ Sid: 'Ours', Effect: 'Allow' });
    expect(policy.Statement.slice(1)).toEqual(
      policy.Statement.slice(1).map((one) => ({
        ...one,
        Effect: 'Deny',
        Sid: expect.stringMatching(/^Weightseal/),
      })),
    );
    expect(bucket.state['BucketLifecycleConfiguration']).toMatchObject({
      Rules: [wrong().BucketLifecycleConfiguration.Rules[0], { ID: 'weightseal-abort-incomplete-uploads' }],
      TransitionDefaultMinimumObjectSize: 'varies_by_storage_class',
    });
  });

  it.each([
    ['nothing', {}, { BucketVersioning: { Status: 'Suspended' } }],
    ['settings of somebody’s', wrong(), wrong()],
  ])('is undone, to %s', async (_, state, was) => {
    const bucket = new Bucket(state);
    const kept: Kept = {};
    await applied(bucket, kept);
    const undo = parseUndo(encodeUndo(kept.undo!));
    const storage = storageOf(bucket);
    const plan = await planUndo(storage, undo);
    expect(plan.changes.map(({ setting }) => setting)).toEqual(
      undo.changes.map(({ setting }) => setting).toReversed(),
    );
    // The whole of it is shown: an undo file may be somebody else's.
    expect(plan.changes.find(({ setting }) => setting === 'policy')?.later).toBe(
      undo.changes[1]?.before ?? 'nothing',
    );
    const { failed } = await applyPlan(storage, plan, { keep: () => {}, patienceMs: 0 });
    expect(failed).toBeUndefined();
    expect(bucket.state).toEqual(was);
    expect((await planUndo(storage, undo)).changes).toEqual([]);
  });
});

describe('a failure at each request in turn', () => {
  const requests = async () => {
    const bucket = new Bucket(wrong());
    await storageOf(bucket).plan(ALL);
    // Once to be shown, and once before it is applied.
    const planning = 2 * bucket.asked.length;
    await applied(bucket);
    return { planning, all: bucket.asked.length - planning / 2 };
  };

  it.each(['refuse', 'lose', 'forget'] as const)(
    '%s: what is told is true, and the way back is there',
    async (fault) => {
      const { planning, all } = await requests();
      for (let at = planning + 1; at <= all; at++) {
        const bucket = new Bucket(wrong());
        bucket.fault = (number) => (number === at ? fault : undefined);
        const kept: Kept = {};
        const { done, failed, notTried } = await applied(bucket, kept);
        const states = [...done, ...(failed?.found === 'after' ? [failed.change] : [])];
        // What is told as there is there, and nothing else.
        const setting = bucket.asked[at - 1]!;
        const isWrite = !setting.startsWith('Get');
        if (fault === 'lose' && isWrite) expect(failed).toBeUndefined();
        else expect([setting, failed === undefined]).toEqual([setting, false]);
        expect(done.length + (failed ? 1 : 0) + notTried.length).toBe(6);
        expect(failed?.found ?? 'after').toBe(
          isWrite && fault !== 'lose' ? 'before' : (failed?.found ?? 'after'),
        );
        bucket.fault = () => undefined;
        const storage = storageOf(bucket);
        for (const { setting: name, after } of states)
          expect(storage.same(name, (await storage.read(name)).value, after)).toBe(true);
        for (const { setting: name, before } of notTried)
          expect(storage.same(name, (await storage.read(name)).value, before)).toBe(true);
        const plan = await planUndo(storage, kept.undo!);
        expect(plan.refused).toEqual([]);
        expect(plan.changes.map(({ setting: name }) => name).toSorted()).toEqual(
          states.map(({ setting: name }) => name).toSorted(),
        );
        await applyPlan(storage, plan, { keep: () => {}, patienceMs: 0 });
        expect(bucket.state).toEqual(wrong());
      }
    },
  );

  it('waits until what a lost answer has changed is seen', async () => {
    const bucket = new Bucket();
    let [hidden, looked]: [unknown, number] = [undefined, 0];
    bucket.fault = (_, operation) => {
      if (operation === 'PutBucketPolicy') return 'lose';
      if (operation !== 'GetBucketPolicy' || !bucket.asked.includes('PutBucketPolicy')) return undefined;
      // As S3 answers for a while: with what was there before.
      return () => {
        looked++;
        if (looked === 1) {
          hidden = bucket.state['BucketPolicy'];
          delete bucket.state['BucketPolicy'];
        }
        if (looked === 3) bucket.state['BucketPolicy'] = hidden;
      };
    };
    const { failed, done } = await applied(bucket, {}, { patienceMs: 10_000 });
    expect([failed, done.length, looked]).toEqual([undefined, 6, 3]);
  });

  it('changes nothing where the way back cannot be kept', async () => {
    const bucket = new Bucket(wrong());
    const keep = () => {
      throw new Error('no space');
    };
    await expect(applied(bucket, {}, { keep })).rejects.toThrow('no space');
    expect(bucket.written()).toEqual([]);
  });

  it('ends between two changes by a signal, and tells what was done', async () => {
    const bucket = new Bucket();
    const stopping = new AbortController();
    const onChange = ({ setting }: { readonly setting: string }) => setting === 'policy' && stopping.abort();
    const { done, failed } = await applied(bucket, {}, { signal: stopping.signal, onChange });
    expect(done.map(({ setting }) => setting)).toEqual(['encryption']);
    expect(failed).toMatchObject({ found: 'before', error: { code: 'ABORTED' } });
  });
});

describe('what somebody changes meanwhile', () => {
  it.each<[what: string, meanwhile: (bucket: Bucket) => void]>([
    ['the ACL, which is no setting that is written', ({ state }) => (state['BucketAcl'] = SHARED)],
    ['a setting', ({ state }) => (state['BucketVersioning'] = { Status: 'Enabled' })],
    [
      'what may be read',
      (bucket) => (bucket.fault = (_, of) => (of === 'GetBucketPolicy' ? 'refuse' : undefined)),
    ],
  ])('makes it another plan, of which nothing is applied: %s', async (_, meanwhile) => {
    const bucket = new Bucket();
    const storage = storageOf(bucket);
    const plan = await storage.plan(ALL);
    meanwhile(bucket);
    const keep = () => expect.unreachable();
    await expect(applyPlan(storage, plan, { keep })).rejects.toMatchObject({ code: 'STORE_CHANGED' });
    expect(bucket.written()).toEqual([]);
  });

  it('is left alone, and ends it', async () => {
    const bucket = new Bucket();
    const theirs = '{"Version":"2012-10-17","Statement":[]}';
    const onChange = ({ setting }: { readonly setting: string }) => {
      if (setting === 'policy') bucket.state['BucketPolicy'] = theirs;
    };
    const { done, failed, notTried } = await applied(bucket, {}, { onChange });
    expect(done.map(({ setting }) => setting)).toEqual(['encryption']);
    expect(failed).toMatchObject({ found: 'other', error: { code: 'STORE_CHANGED' } });
    expect(notTried).toHaveLength(4);
    expect(bucket.state['BucketPolicy']).toBe(theirs);
  });

  it('is not undone', async () => {
    const bucket = new Bucket();
    const kept: Kept = {};
    await applied(bucket, kept);
    bucket.state['BucketPolicy'] = '{"Version":"2012-10-17","Statement":[]}';
    const plan = await planUndo(storageOf(bucket), kept.undo!);
    expect(plan.refused.map(({ check }) => check)).toContain('s3/policy-tls');
    expect(plan.changes.map(({ setting }) => setting)).not.toContain('policy');
  });
});

describe('an undo that somebody has written', () => {
  const undoOf = async (bucket: Bucket, setting: string, more: object) => {
    const kept: Kept = {};
    await applied(bucket, kept);
    const changes = kept.undo!.changes.map((one) => (one.setting === setting ? { ...one, ...more } : one));
    return { ...kept.undo!, changes };
  };
  const open = JSON.stringify({ Version: '2012-10-17', Statement: [allow()] });

  it('lets nobody in who was not told of', async () => {
    const bucket = new Bucket();
    const undo = await undoOf(bucket, 'policy', { before: open, back: open });
    const { refused } = await planUndo(storageOf(bucket), undo);
    expect(refused).toMatchObject([{ reason: expect.stringContaining('--allow-public') }, {}, {}, {}, {}]);
    const { changes } = await planUndo(storageOf(bucket), undo, { allowPublic: true });
    expect(changes.map(({ setting }) => setting)).toContain('policy');
  });

  it('lets nobody in by a policy that only the block holds back', async () => {
    const bucket = new Bucket({ BucketPolicy: open });
    const kept: Kept = {};
    const storage = storageOf(bucket);
    await applyPlan(storage, await storage.plan({ only: ['block-public-access'] }), {
      keep: (undo) => {
        kept.undo = undo;
      },
      patienceMs: 0,
    });
    expect((await planUndo(storage, kept.undo!)).refused).toMatchObject([
      { check: 's3/block-public-access' },
    ]);
  });

  it.each<[setting: string, back: Json]>([
    ['policy', 'no policy'],
    ['versioning', { Status: 'Off' }],
    ['lifecycle', { Rules: 'none' }],
    ['encryption', { Rules: [], more: 1 }],
    ['public-access-block', { BlockPublicAcls: 'false' }],
  ])('is none where %s cannot be so', async (setting, back) => {
    const bucket = new Bucket();
    const undo = await undoOf(bucket, setting, { back });
    await expect(planUndo(storageOf(bucket), undo)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('an undo of which something cannot be read', () => {
  it('goes on with the others', async () => {
    const bucket = new Bucket();
    const kept: Kept = {};
    await applied(bucket, kept);
    bucket.fault = (_, operation) => (operation === 'GetBucketPolicy' ? 'refuse' : undefined);
    const plan = await planUndo(storageOf(bucket), kept.undo!);
    const policy = plan.refused.find(({ check }) => check === 's3/policy-tls');
    expect(policy?.reason).toContain('s3:GetBucketPolicy');
    // What the block holds back cannot be told without it.
    const left = ['lifecycle', 'versioning', 'object-ownership', 'encryption'];
    expect(plan.changes.map(({ setting }) => setting)).toEqual(left);
    bucket.fault = () => 'refuse';
    await expect(planUndo(storageOf(bucket), kept.undo!)).rejects.toMatchObject({ code: 'STORE_DENIED' });
  });
});

describe('what is refused', () => {
  it('is what cannot be read, and only that', async () => {
    const bucket = new Bucket();
    bucket.fault = (_, operation) => (operation === 'GetBucketPolicy' ? 'refuse' : undefined);
    const plan = await storageOf(bucket).plan({ key: KEY });
    expect(plan.refused.map(({ check }) => check)).toEqual([
      's3/policy-encryption',
      's3/policy-key',
      's3/customer-keys',
      's3/policy-tls',
      's3/policy-tls-version',
    ]);
    expect(plan.refused[0]?.reason).toContain('s3:GetBucketPolicy');
    expect(plan.changes.map(({ setting }) => setting)).toEqual([
      'encryption',
      'versioning',
      'lifecycle',
      'public-access-block',
    ]);
  });

  it.each<[says: string, more: object, options?: S3StorageOptions]>([
    ['Disabled', { KeyState: 'Disabled' }],
    ['AWS manages it', { KeyManager: 'AWS' }],
    ['symmetric keys', { KeySpec: 'RSA_2048' }],
    ['in us-east-1', { Arn: KEY.replace('eu-central-1', 'us-east-1') }],
    ['belongs to 111122223333', {}, { bucketOwner: '222222222222' }],
  ])('is a key that cannot be used: %s', async (says, more, options = {}) => {
    const KeyMetadata = {
      Arn: KEY,
      KeyState: 'Enabled',
      KeyManager: 'CUSTOMER',
      KeySpec: 'SYMMETRIC_DEFAULT',
      ...more,
    };
    const bucket = new Bucket();
    const plan = await storageOf(bucket, options, clientOf({ DescribeKey: { KeyMetadata } })).plan({
      key: 'alias/models',
    });
    expect(plan.refused[0]).toMatchObject({
      check: 's3/default-encryption',
      reason: expect.stringContaining(says),
    });
    expect(plan.changes.map(({ setting }) => setting)).not.toContain('encryption');
  });

  it('is a default whose key is pending deletion, told or not', async () => {
    const KeyMetadata = { Arn: KEY, KeyState: 'PendingDeletion', KeyManager: 'CUSTOMER' };
    const ApplyServerSideEncryptionByDefault = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY };
    const bucket = new Bucket({ BucketEncryption: { Rules: [{ ApplyServerSideEncryptionByDefault }] } });
    for (const wanted of [{}, { key: KEY }]) {
      const plan = await storageOf(bucket, {}, clientOf({ DescribeKey: { KeyMetadata } })).plan(wanted);
      expect(plan.refused[0]?.reason).toContain('PendingDeletion');
      expect(plan.changes[0]?.later).not.toMatch(/OtherKeys|OtherEncryption/);
    }
  });

  it('is another customer’s key that the default is under, with the policy for it', async () => {
    const rule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: OTHER_KEY },
    };
    const bucket = new Bucket({ BucketEncryption: { Rules: [{ ...rule, BucketKeyEnabled: true }] } });
    const plan = await storageOf(bucket).plan({ key: KEY });
    expect(plan.refused.map(({ check }) => check)).toEqual([
      's3/default-encryption',
      's3/default-key',
      's3/policy-key',
    ]);
    expect(plan.changes.find(({ setting }) => setting === 'policy')?.after).not.toContain('RefuseOtherKeys');
  });

  it('is a check of another cloud, and a file that is no undo', async () => {
    const storage = storageOf(new Bucket());
    await expect(storage.plan({ only: ['gcs/versioning'] })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    for (const text of [
      '',
      '{}',
      '[]',
      '{"format":"weightseal.storage-undo.v1","place":"s3://models","changes":[{}]}',
    ])
      expect(() => parseUndo(text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    const undo: Undo = { format: 'weightseal.storage-undo.v1', place: 's3://others', changes: [] };
    await expect(planUndo(storage, undo)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
