import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateKeyCommand, EnableKeyRotationCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  PutBucketEncryptionCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { JsonReport } from '@weightseal/storage-audit';
import { afterAll, describe, expect, it } from 'vitest';
import { Sandbox } from '../../cli/test/support/cli.js';
import { safetensors } from '../test/objects/weights.js';
import { problemsOf } from '../test/report/sarif-schema.js';

const url = process.env['WEIGHTSEAL_EMULATOR_MOTO'];
const SECRET = 'secret-of-a-test-run';
const CREDENTIALS = { accessKeyId: 'weightseal', secretAccessKey: SECRET };
const environment = `export AWS_ACCESS_KEY_ID=weightseal AWS_SECRET_ACCESS_KEY=${SECRET} AWS_EC2_METADATA_DISABLED=true`;
const REGION = 'us-east-1';

type Told = JsonReport & { readonly objects: Readonly<Record<string, number>> };

describe.skipIf(!url)(
  'weightseal audit storage on moto, skipped unless WEIGHTSEAL_EMULATOR_MOTO is its URL',
  () => {
    const shared = { region: REGION, credentials: CREDENTIALS, endpoint: url ?? '' };
    const s3 = new S3Client({ ...shared, forcePathStyle: true });
    const kms = new KMSClient(shared);
    afterAll(() => {
      s3.destroy();
      kms.destroy();
    });

    async function prepared(): Promise<{ readonly sandbox: Sandbox; readonly bucket: string }> {
      const bucket = `audit-${randomUUID()}`;
      await s3.send(new CreateBucketCommand({ Bucket: bucket }));
      const sandbox = await Sandbox.create();
      const stores = { s3: { endpoint: url, region: REGION, pathStyle: true } };
      await writeFile(join(sandbox.path, 'c.json'), JSON.stringify({ stores }));
      return { sandbox, bucket };
    }

    async function audited(
      sandbox: Sandbox,
      words: string,
    ): Promise<{ readonly code: number; readonly told: Told }> {
      const line = `weightseal audit storage ${words} --config c.json --management-endpoint ${url}`;
      const { stdout, stderr, code } = await sandbox.run(`${environment}; ${line} --json`);
      expect(stdout + stderr).not.toContain(SECRET);
      expect(stderr).toBe('');
      return { code, told: JSON.parse(stdout) as Told };
    }
    const outcomeOf = ({ findings }: Told, check: string) =>
      findings.filter((one) => one.check === check).map(({ outcome }) => outcome);

    it('finds what is set up right, and sealed', async () => {
      const { sandbox, bucket: Bucket } = await prepared();
      await using _sandbox = sandbox;
      const key = (await kms.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
      await kms.send(new EnableKeyRotationCommand({ KeyId: key }));
      const byDefault = { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: key };
      const Rules = [{ ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled: true }];
      await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
      const PublicAccessBlockConfiguration = {
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: true,
      };
      await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
      const owned = { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' as const }] };
      await s3.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: owned }));
      const { code, stderr } = await sandbox.run(
        `${environment}; weightseal keygen k && echo weights > w && weightseal seal w -k local:k -o s3://${Bucket}/models/w.sealed --config c.json`,
      );
      expect(code, stderr).toBe(0);
      const objects = await audited(sandbox, `s3://${Bucket}/models --objects-only --keys local:k`);
      for (const check of ['plain-weights', 'sealed-sound', 'sealed-keys', 'names', 'versions'])
        expect([check, ...outcomeOf(objects.told, `objects/${check}`)]).toEqual([check, 'passed']);
      expect(objects.told.objects).toMatchObject({ sealed: 1, weights: 0 });
      const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
      const tls = {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource,
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      };
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [tls] });
      await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      const { told } = await audited(
        sandbox,
        `s3://${Bucket} --storage-only --sealed --no-anonymous --key ${key}`,
      );
      for (const check of [
        'default-encryption',
        'default-key',
        'key-state',
        'key-rotation',
        'block-public-access',
      ])
        expect([check, ...outcomeOf(told, `s3/${check}`)]).toEqual([check, 'passed']);
      expect(outcomeOf(told, 's3/policy-tls')).toEqual(['passed']);
    });

    it('finds what is set up wrong, and plain, wherever it hides, and writes SARIF that is some', async () => {
      const { sandbox, bucket: Bucket } = await prepared();
      await using _sandbox = sandbox;
      await s3.send(
        new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      );
      for (const Key of [
        'models/plain.safetensors',
        'models/plain.safetensors',
        'models//hidden.safetensors',
      ])
        await s3.send(new PutObjectCommand({ Bucket, Key, Body: safetensors() }));
      const { code, told } = await audited(sandbox, `s3://${Bucket}`);
      // moto lets everybody list, which is critical.
      expect(code).toBe(14);
      expect(outcomeOf(told, 's3/anonymous')).toEqual(['failed']);
      expect(outcomeOf(told, 's3/default-encryption')).toEqual(['failed']);
      expect(outcomeOf(told, 's3/policy-tls')).toEqual(['failed']);
      const of = (check: string) => told.findings.filter((one) => one.check === check);
      expect(of('objects/plain-weights').map(({ resource }) => resource)).toEqual([
        `s3://${Bucket}/models//hidden.safetensors`,
        `s3://${Bucket}/models/plain.safetensors`,
      ]);
      expect(of('objects/names')).toMatchObject([{ outcome: 'failed' }]);
      expect(of('objects/versions')).toMatchObject([
        { outcome: 'unread', evidence: expect.stringContaining('There are 1 older versions') },
      ]);
      const line = `weightseal audit storage s3://${Bucket} --config c.json --format sarif -o r.sarif --objects-only -q`;
      expect(await sandbox.run(`${environment}; ${line}`)).toEqual({ code: 13, stdout: '', stderr: '' });
      const log: unknown = JSON.parse(await readFile(join(sandbox.path, 'r.sarif'), 'utf8'));
      expect(problemsOf(log)).toEqual([]);
    });

    it('ends where there is no bucket', async () => {
      const { sandbox } = await prepared();
      await using _sandbox = sandbox;
      const line = `weightseal audit storage s3://no-${randomUUID()} --config c.json`;
      expect((await sandbox.run(`${environment}; ${line}`)).code).toBe(6);
    });
  },
);
