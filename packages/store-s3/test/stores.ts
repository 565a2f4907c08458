import type { ObjectStore } from '@weightseal/core';
import { createS3Store, type S3StoreOptions } from '@weightseal/store-s3';

export const REGION = 'us-east-1';

/** What no error may show. */
export const CREDENTIALS = {
  accessKeyId: 'weightseal-access-key',
  secretAccessKey: 'weightseal-secret-access-key-of-a-test-run',
} as const;

/** Of somebody who may make buckets, where that is another. */
export const ADMIN = {
  accessKeyId: 'admin-access-key',
  secretAccessKey: 'admin-secret-access-key-of-a-test-run',
} as const;

/** Of somebody who may do nothing. */
export const NOBODY = {
  accessKeyId: 'nobody-access-key',
  secretAccessKey: 'nobody-secret-access-key-of-a-test-run',
} as const;

/** With a session token, which only those servers take that look at no credentials. */
export const SESSION = {
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLEsessionTOKENofATestRunOnly//////////wEaDGV4YW1wbGU',
} as const;

export const SECRETS: readonly Uint8Array[] = [CREDENTIALS, ADMIN, NOBODY, SESSION]
  .flatMap((one) => Object.values(one))
  .map((text) => Buffer.from(text));

/** A bucket of the server at `endpoint`, through the official SDK. */
export function storeAt(endpoint: string, bucket: string, options: S3StoreOptions = {}): ObjectStore {
  return createS3Store({
    bucket,
    endpoint,
    region: REGION,
    pathStyle: true,
    credentials: CREDENTIALS,
    ...options,
  });
}
