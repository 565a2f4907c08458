import { randomUUID } from 'node:crypto';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyRotationCommand,
  KMSClient,
} from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  PutBucketAclCommand,
  PutBucketEncryptionCommand,
  PutBucketInventoryConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketLoggingCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { auditS3, type Finding, type S3AuditOptions } from '@weightseal/storage-audit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const url = process.env['WEIGHTSEAL_EMULATOR_MOTO'];
const CREDENTIALS = { accessKeyId: 'weightseal', secretAccessKey: 'secret-of-a-test-run' };
const REGION = 'us-east-1';

describe.skipIf(!url)('an audit on moto, skipped unless WEIGHTSEAL_EMULATOR_MOTO is its URL', () => {
  const shared = { region: REGION, credentials: CREDENTIALS, endpoint: url ?? '' };
  const s3 = new S3Client({ ...shared, forcePathStyle: true });
  const kms = new KMSClient(shared);
  afterAll(() => {
    s3.destroy();
    kms.destroy();
  });

  const newBucket = async (more: object = {}): Promise<string> => {
    const Bucket = `audit-${randomUUID()}`;
    await s3.send(new CreateBucketCommand({ Bucket, ...more }));
    return Bucket;
  };
  const audited = (bucket: string, options: S3AuditOptions = {}): Promise<Finding[]> =>
    Array.fromAsync(auditS3(bucket, { ...shared, kmsEndpoint: url, pathStyle: true, ...options }));
  const outcomes = (findings: readonly Finding[]) =>
    Object.fromEntries(findings.map(({ check, outcome }) => [check.replace('s3/', ''), outcome]));

  let key = '';
  let alias = '';
  let right = '';
  beforeAll(async () => {
    key = (await kms.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
    await kms.send(new EnableKeyRotationCommand({ KeyId: key }));
    const AliasName = `alias/audit-${randomUUID()}`;
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: key }));
    alias = AliasName;
    right = await newBucket({ ObjectLockEnabledForBucket: true });
    await setUpRight(right);
  });

  function policyFor(bucket: string): string {
    const [arn, objects] = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
    const [algorithm, keyId] = [
      's3:x-amz-server-side-encryption',
      's3:x-amz-server-side-encryption-aws-kms-key-id',
    ];
    const deny = (Action: string, Resource: string | string[], Condition: object) => ({
      Effect: 'Deny',
      Principal: '*',
      Action,
      Resource,
      Condition,
    });
    return JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        deny('s3:PutObject', objects, {
          StringNotEquals: { [algorithm]: 'aws:kms' },
          Null: { [algorithm]: 'false' },
        }),
        deny('s3:PutObject', objects, { StringNotEquals: { [keyId]: key }, Null: { [keyId]: 'false' } }),
        deny('s3:PutObject', objects, {
          StringEquals: { [algorithm]: 'aws:kms' },
          Null: { [keyId]: 'true' },
        }),
        deny('s3:PutObject', objects, {
          Null: { 's3:x-amz-server-side-encryption-customer-algorithm': 'false' },
        }),
        deny('s3:*', [arn, objects], { Bool: { 'aws:SecureTransport': 'false' } }),
        deny('s3:*', [arn, objects], { NumericLessThan: { 's3:TlsVersion': '1.2' } }),
      ],
    });
  }

  async function encrypt(Bucket: string, KMSMasterKeyID: string, BucketKeyEnabled = true): Promise<void> {
    const rule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID },
      BucketKeyEnabled,
    };
    const ServerSideEncryptionConfiguration = { Rules: [rule] };
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }));
  }

  async function replicate(Bucket: string, ReplicaKmsKeyID: string | undefined): Promise<void> {
    const target = await newBucket();
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await s3.send(new PutBucketVersioningCommand({ Bucket: target, VersioningConfiguration }));
    const encrypted = ReplicaKmsKeyID === undefined ? {} : { EncryptionConfiguration: { ReplicaKmsKeyID } };
    const Status = ReplicaKmsKeyID === undefined ? ('Disabled' as const) : ('Enabled' as const);
    const rule = {
      ID: 'all',
      Status: 'Enabled' as const,
      Priority: 1,
      Filter: { Prefix: '' },
      DeleteMarkerReplication: { Status: 'Disabled' as const },
      SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status } },
      Destination: { Bucket: `arn:aws:s3:::${target}`, ...encrypted },
    };
    const ReplicationConfiguration = { Role: 'arn:aws:iam::123456789012:role/replication', Rules: [rule] };
    await s3.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration }));
  }

  async function setUpRight(Bucket: string): Promise<void> {
    await encrypt(Bucket, key);
    const [BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets] = [
      true,
      true,
      true,
      true,
    ];
    const block = { BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets };
    await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: block }));
    const owned = { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' as const }] };
    await s3.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: owned }));
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    const lock = { Rule: { DefaultRetention: { Mode: 'GOVERNANCE' as const, Days: 1 } } };
    await s3.send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', ...lock },
      }),
    );
    const TargetBucket = await newBucket();
    await s3.send(new PutBucketAclCommand({ Bucket: TargetBucket, ACL: 'log-delivery-write' as 'private' }));
    const LoggingEnabled = { TargetBucket, TargetPrefix: 'models/' };
    await s3.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: { LoggingEnabled } }));
    const abort = { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } };
    const rule = { ID: 'abort', Status: 'Enabled' as const, Filter: { Prefix: '' }, ...abort };
    await s3.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [rule] } }),
    );
    await s3.send(
      new PutBucketInventoryConfigurationCommand({
        Bucket,
        Id: 'all',
        InventoryConfiguration: {
          Id: 'all',
          IsEnabled: true,
          IncludedObjectVersions: 'All',
          OptionalFields: ['EncryptionStatus'],
          Schedule: { Frequency: 'Daily' },
          Destination: { S3BucketDestination: { Bucket: `arn:aws:s3:::${TargetBucket}`, Format: 'CSV' } },
        },
      }),
    );
    await replicate(Bucket, key);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'bert.sealed', Body: 'sealed' }));
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policyFor(Bucket) }));
  }

  const notPassed = (findings: readonly Finding[]) =>
    outcomes(findings.filter(({ outcome }) => outcome !== 'passed'));

  it('passes what is set up right', async () => {
    const findings = await audited(right, { expectedKey: alias, anonymous: false });
    expect(notPassed(findings)).toEqual({
      // Its requests are of another host for each account, which only Amazon has.
      'account-public-access': 'unread',
      anonymous: 'inapplicable',
      // moto forgets the fields of an inventory, and which objects and which key a rule of replication names.
      inventory: 'failed',
      replication: 'failed',
    });
    expect(findings.find(({ check }) => check === 's3/replication')?.resource).toMatch(/^s3:\/\/audit-/);
  });

  it('fails what nobody has set up', async () => {
    expect(notPassed(await audited(await newBucket(), { anonymous: false }))).toEqual({
      'default-encryption': 'failed',
      'default-key': 'inapplicable',
      'key-state': 'inapplicable',
      'key-rotation': 'inapplicable',
      'bucket-key': 'inapplicable',
      'policy-encryption': 'failed',
      'policy-key': 'inapplicable',
      'customer-keys': 'failed',
      'policy-tls': 'failed',
      'policy-tls-version': 'failed',
      'block-public-access': 'failed',
      'account-public-access': 'unread',
      anonymous: 'inapplicable',
      'object-ownership': 'failed',
      versioning: 'failed',
      'object-lock': 'failed',
      'access-logging': 'failed',
      replication: 'inapplicable',
      'incomplete-uploads': 'failed',
      inventory: 'failed',
    });
  });

  it('fails each thing that is set up wrong', async () => {
    const Bucket = await newBucket();
    const { Arn: dead = '', KeyId } = (await kms.send(new CreateKeyCommand({}))).KeyMetadata!;
    await kms.send(new DisableKeyCommand({ KeyId }));
    await encrypt(Bucket, dead, false);
    await s3.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read' }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    await replicate(Bucket, undefined);
    await s3.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }),
    );
    const objects = `arn:aws:s3:::${Bucket}/*`;
    const share = {
      Sid: 'Share',
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: objects,
    };
    const tls = { Bool: { 'aws:SecureTransport': 'true' } };
    const wrongWay = {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:Get*',
      Resource: `${objects}.txt`,
      Condition: tls,
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [share, wrongWay] });
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    const findings = await audited(Bucket, { expectedKey: key });
    const told = Object.fromEntries(
      findings
        .filter(({ outcome }) => outcome === 'failed')
        .map(({ check, evidence }) => [check.replace('s3/', ''), evidence]),
    );
    expect(told).toMatchObject({
      'default-key': expect.stringContaining(`${key} was expected`),
      'key-state': expect.stringContaining('Disabled'),
      'key-rotation': expect.stringContaining('not rotated'),
      'bucket-key': expect.stringContaining('not enabled'),
      'policy-encryption': expect.stringContaining('AES256'),
      'policy-key': expect.stringContaining('another key'),
      'policy-tls': expect.stringContaining('does not refuse'),
      'policy-public': expect.stringContaining('s3:GetObject to somebody without credentials'),
      acl: expect.stringContaining('READ to everybody'),
      anonymous: expect.stringContaining('the bucket was listed'),
      versioning: expect.stringContaining('suspended'),
      replication: expect.stringContaining('leaves out'),
    });
  });

  it('ends where there is no bucket', async () => {
    await expect(audited(`audit-${randomUUID()}`)).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
  });
});
