import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { closedPort, silentPort } from '@weightseal/fault-proxy';
import type { Subject } from '@weightseal/store-contract';
import { afterAll } from 'vitest';
import { CREDENTIALS, NOBODY, REGION, SECRETS, storeAt } from '../test/stores.js';

export const BUCKET = 'weightseal';

/** A server that others wrote, where its variable names one by its URL, with a bucket. */
export interface Emulator {
  readonly url: string;
  /** For what a store does not do. */
  readonly admin: S3Client;
  subject(): Promise<Subject>;
}

export async function emulatorAt(
  variable: string,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } = CREDENTIALS,
): Promise<Emulator | undefined> {
  const url = process.env[variable];
  if (!url) return undefined;
  const admin = new S3Client({ endpoint: url, region: REGION, forcePathStyle: true, credentials });
  afterAll(() => admin.destroy());
  // Another file of tests may have made it.
  await admin.send(new CreateBucketCommand({ Bucket: BUCKET })).catch((error: { name?: string }) => {
    if (error.name !== 'BucketAlreadyOwnedByYou' && error.name !== 'BucketAlreadyExists') throw error;
  });
  const [store, denied, missing] = [
    storeAt(url, BUCKET),
    storeAt(url, BUCKET, { credentials: NOBODY }),
    storeAt(url, 'no-such-bucket'),
  ];
  const unavailable = storeAt(`http://127.0.0.1:${await closedPort()}`, BUCKET);
  const silent = storeAt(`http://127.0.0.1:${await silentPort()}`, BUCKET);
  const all = [store, denied, missing, unavailable, silent];
  afterAll(() => Promise.all(all.map((one) => one.close())));
  return {
    url,
    admin,
    subject: async () => ({
      store,
      prefix: `contract/${randomUUID()}`,
      denied,
      missing,
      unavailable,
      silent,
      secrets: async () => SECRETS,
    }),
  };
}
