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

  async function encrypt(Bucket: string, KMSMasterKeyID: string): Promise<void> {
    const rule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID },
      BucketKeyEnabled: true,
    };
    const ServerSideEncryptionConfiguration = { Rules: [rule] };
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }));
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
    await s3.send(new PutObjectCommand({ Bucket, Key: 'bert.sealed', Body: 'sealed' }));
    // Last: moto heeds it, and is asked by plain HTTP.
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policyFor(Bucket) }));
  }

  it('passes what is set up right', async () => {
    const findings = await audited(right, { expectedKey: alias });
    console.log(findings);
    expect(outcomes(findings)).toMatchObject({ 'default-key': 'passed' });
  });

  it('fails what nobody has set up', async () => {
    const bucket = await newBucket();
    const findings = await audited(bucket);
    console.log(outcomes(findings));
  });

  it('fails what is set up wrong', async () => {
    const bucket = await newBucket();
    const dead = (await kms.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
    await kms.send(new DisableKeyCommand({ KeyId: dead }));
    await encrypt(bucket, dead);
    await s3.send(new PutBucketAclCommand({ Bucket: bucket, ACL: 'public-read' }));
    const findings = await audited(bucket, { expectedKey: key });
    console.log(outcomes(findings));
  });

  void PutBucketReplicationCommand;
});
