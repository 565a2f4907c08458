import { randomUUID } from 'node:crypto';
import { CreateKeyCommand, EnableKeyRotationCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  applyPlan,
  auditS3,
  type ConfigurableStorage,
  encodeUndo,
  parseUndo,
  planUndo,
  s3Storage,
} from '@weightseal/storage-audit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const url = process.env['WEIGHTSEAL_EMULATOR_MOTO'];
const CREDENTIALS = { accessKeyId: 'weightseal', secretAccessKey: 'secret-of-a-test-run' };
const SETTINGS = [
  'encryption',
  'policy',
  'object-ownership',
  'versioning',
  'lifecycle',
  'public-access-block',
];

describe.skipIf(!url)('configured on moto, skipped unless WEIGHTSEAL_EMULATOR_MOTO is its URL', () => {
  const shared = { region: 'us-east-1', credentials: CREDENTIALS, endpoint: url ?? '' };
  const options = { ...shared, kmsEndpoint: url, pathStyle: true };
  const s3 = new S3Client({ ...shared, forcePathStyle: true });
  const kms = new KMSClient(shared);
  afterAll(() => {
    s3.destroy();
    kms.destroy();
  });

  let key = '';
  beforeAll(async () => {
    key = (await kms.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
    await kms.send(new EnableKeyRotationCommand({ KeyId: key }));
  });

  const newBucket = async () => {
    const Bucket = `configure-${randomUUID()}`;
    await s3.send(new CreateBucketCommand({ Bucket }));
    return Bucket;
  };
  const stateOf = async (storage: ConfigurableStorage) =>
    Object.fromEntries(
      await Promise.all(SETTINGS.map(async (one) => [one, (await storage.read(one)).value] as const)),
    );
  const failing = async (bucket: string, storage: ConfigurableStorage) => {
    const findings = await Array.fromAsync(
      auditS3(bucket, { ...options, expectedKey: key, anonymous: false }),
    );
    return findings
      .filter(({ check, outcome }) => storage.checks.includes(check) && outcome !== 'passed')
      .map(({ check }) => check);
  };

  it.each(['a new bucket', 'one with settings of somebody’s'])(
    '%s passes its audit, and is put back',
    async (which) => {
      const Bucket = await newBucket();
      if (which !== 'a new bucket') await setUp(Bucket);
      const storage = s3Storage(Bucket, options);
      const was = await stateOf(storage);
      expect(await failing(Bucket, storage)).not.toEqual([]);

      let kept = '';
      const keep = (undo: Parameters<typeof encodeUndo>[0]) => {
        kept = encodeUndo(undo);
      };
      const plan = await storage.plan({ key });
      // It has no TLS itself.
      const ofTls = ['s3/policy-tls', 's3/policy-tls-version'];
      expect(plan.refused.map(({ check }) => check)).toEqual(ofTls);
      expect(plan.leftOut).toMatchObject([{ check: 's3/object-ownership' }]);
      expect(await applyPlan(storage, plan, { keep })).toMatchObject({ notTried: [], done: plan.changes });
      expect(await failing(Bucket, storage)).toEqual([...ofTls, 's3/object-ownership']);

      const back = await planUndo(storage, parseUndo(kept));
      expect(back.refused).toEqual([]);
      expect(await applyPlan(storage, back, { keep })).toMatchObject({ notTried: [], done: back.changes });
      const versioning = was['versioning'] ?? { Status: 'Suspended' };
      expect(await stateOf(storage)).toEqual({ ...was, versioning });
      storage.close();
    },
  );

  it('leaves alone what somebody has changed since the plan', async () => {
    const Bucket = await newBucket();
    const storage = s3Storage(Bucket, options);
    const plan = await storage.plan({ key });
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: theirs(Bucket) }));
    const keep = () => expect.unreachable();
    await expect(applyPlan(storage, plan, { keep })).rejects.toMatchObject({ code: 'STORE_CHANGED' });
    expect((await storage.read('policy')).value).toBe(theirs(Bucket));
    storage.close();
  });

  it('refuses a key that is not there', async () => {
    const storage = s3Storage(await newBucket(), options);
    const { refused } = await storage.plan({ key: 'alias/nobody' });
    expect(refused.map(({ check }) => check)).toContain('s3/default-encryption');
    storage.close();
  });

  const theirs = (bucket: string) =>
    `{"Version": "2012-10-17",\n "Statement": [{"Sid": "Ours", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::${bucket}/*"}]}`;

  async function setUp(Bucket: string): Promise<void> {
    const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } };
    await s3.send(
      new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } }),
    );
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: theirs(Bucket) }));
    await s3.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }),
    );
    const Expiration = { Date: new Date('2030-01-01T00:00:00Z') };
    const old = { ID: 'old', Status: 'Enabled' as const, Filter: { Prefix: 'tmp/' }, Expiration };
    await s3.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [old] } }),
    );
  }
});
