// Where the releases lie: a bucket of a server that speaks S3, where the tests have one, and else a directory.
import { mkdir } from 'node:fs/promises';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { Machine } from '../signed-release/machine.ts';

export interface Bucket {
  readonly at: string;
  readonly env: Readonly<Record<string, string>>;
  /** What its audit asks for. */
  protect(machine: Machine): Promise<void>;
}

const NAME = 'acme-models';
const region = 'us-east-1';
const SETTINGS = [
  'default-encryption',
  'default-key',
  'bucket-key',
  'versioning',
  'block-public-access',
  'incomplete-uploads',
];

export async function makeBucket(directory: string): Promise<Bucket> {
  const { WEIGHTSEAL_EMULATOR_MOTO: endpoint } = process.env;
  if (!endpoint) {
    await mkdir(directory, { mode: 0o700 });
    return { at: directory, env: {}, protect: async () => {} };
  }
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const admin = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
  await admin.send(new CreateBucketCommand({ Bucket: NAME }));
  admin.destroy();
  const kms = new KMSClient({ endpoint, region, credentials });
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: 'what lies in the bucket' }));
  kms.destroy();
  const env = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  return {
    at: `s3://${NAME}`,
    env,
    async protect(machine) {
      // Without the statements of a policy: moto takes each Deny as one of everything, whatever its condition.
      const only = SETTINGS.flatMap((one) => ['--only', one]);
      const at = `s3://${NAME}`;
      await machine.must('storage', 'configure', at, '--key', KeyMetadata!.Arn!, ...only, '--yes');
    },
  };
}
