import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { ObjectStore } from '@weightseal/core';
import { createAzureStore } from '@weightseal/store-azure';
import { createGcsStore } from '@weightseal/store-gcs';
import { createS3Store, type S3StoreOptions } from '@weightseal/store-s3';
import { OAuth2Client } from 'google-auth-library';

/** A server that others wrote, and what of it is to be expected. */
export interface Server {
  readonly name: string;
  /** The variable that names it by its URL. */
  readonly variable: string;
  store(url: string): Promise<ObjectStore>;
  /** Whether it copies what stays of an object that is rewrapped. */
  readonly copies: boolean;
  /** Whether the metadata has the digest: parts come in any order. */
  readonly digest: boolean;
  /** Whether of two who replace an object at once one is told; with why not. */
  readonly atomic: boolean | string;
  /** Whether it tells of uploads that were begun. */
  readonly tells: boolean;
  /** Whether it says what it has of an upload that was cut off. */
  readonly resumes: boolean;
}

export const BUCKET = 'sealed';

const s3Key = (name: string) => ({
  accessKeyId: `${name}-access-key`,
  secretAccessKey: `${name}-secret-access-key-of-a-test-run`,
});

export function s3Options(
  endpoint: string,
  who = 'weightseal',
): S3StoreOptions & { readonly bucket: string } {
  return { bucket: BUCKET, endpoint, region: 'us-east-1', pathStyle: true, credentials: s3Key(who) };
}

async function s3(url: string, who?: string): Promise<ObjectStore> {
  const { credentials } = s3Options(url, who);
  const admin = new S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: credentials as ReturnType<typeof s3Key>,
  });
  await admin.send(new CreateBucketCommand({ Bucket: BUCKET })).catch(() => {});
  admin.destroy();
  return createS3Store(s3Options(url, who));
}

async function gcs(url: string): Promise<ObjectStore> {
  await fetch(`${url}/storage/v1/b?project=weightseal-test`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: BUCKET }),
  });
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: 'a-token-of-a-test-run' });
  return createGcsStore({ bucket: BUCKET, endpoint: url, clientOptions: { authClient } });
}

async function azure(url: string): Promise<ObjectStore> {
  const account = 'devstoreaccount1';
  // Which every azurite has; its documentation gives it.
  const accountKey =
    'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
  const service = new BlobServiceClient(url, new StorageSharedKeyCredential(account, accountKey));
  await service.getContainerClient(BUCKET).createIfNotExists();
  return createAzureStore({ account, container: BUCKET, endpoint: url, accountKey });
}

export const SERVERS: readonly Server[] = [
  {
    name: 'SeaweedFS',
    variable: 'WEIGHTSEAL_EMULATOR_SEAWEEDFS',
    store: (url) => s3(url, 'admin'),
    copies: true,
    digest: true,
    atomic: 'it looks at the condition before it writes, and not once more when it does',
    tells: true,
    resumes: true,
  },
  {
    name: 'versitygw',
    variable: 'WEIGHTSEAL_EMULATOR_VERSITYGW',
    store: (url) => s3(url),
    copies: false,
    digest: true,
    atomic: true,
    tells: true,
    resumes: true,
  },
  {
    name: 'moto',
    variable: 'WEIGHTSEAL_EMULATOR_MOTO',
    store: (url) => s3(url),
    copies: true,
    digest: true,
    atomic: 'it looks at the condition before it writes',
    tells: true,
    resumes: true,
  },
  {
    name: 'azurite',
    variable: 'WEIGHTSEAL_EMULATOR_AZURITE',
    store: azure,
    copies: true,
    digest: true,
    atomic: true,
    tells: false,
    resumes: true,
  },
  {
    name: 'fake-gcs-server',
    variable: 'WEIGHTSEAL_EMULATOR_FAKE_GCS_SERVER',
    store: gcs,
    copies: false,
    digest: false,
    atomic: 'it ignores conditions of resumable uploads',
    tells: false,
    resumes: false,
  },
];
