import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { ObjectSource } from '@weightseal/core';
import { createS3Store } from '@weightseal/store-s3';
import type { Bucket } from './bucket.ts';

const NAME = 'models';
const REGION = 'us-east-1';
/** Whom the server of `npx pnpm@12 test:emulators` lets make buckets, and write to them. */
const credentials = {
  accessKeyId: 'admin-access-key',
  secretAccessKey: 'admin-secret-access-key-of-a-test-run',
};

/** A bucket of a server that speaks S3. Against Amazon's, neither endpoint nor credentials would stand here. */
export async function s3Bucket(endpoint: string): Promise<Bucket> {
  const admin = new S3Client({ endpoint, region: REGION, forcePathStyle: true, credentials });
  await admin.send(new CreateBucketCommand({ Bucket: NAME }));
  admin.destroy();
  const store = createS3Store({ bucket: NAME, endpoint, region: REGION, pathStyle: true, credentials });
  return {
    uri: `s3://${NAME}`,
    env: {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    place: (key) => ({ store, key }),
    async read(key) {
      await using object = await ObjectSource.open({ store, key });
      return Buffer.from(await object.read(0, object.size));
    },
    async write(key, bytes) {
      await store.put?.(key, bytes, {}, { signal: AbortSignal.timeout(30_000) });
    },
    [Symbol.asyncDispose]: () => store.close(),
  };
}
