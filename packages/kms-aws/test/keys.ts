import type { Signer } from '@weightseal/core';
import {
  type AwsKey,
  type AwsKeyOptions,
  type AwsSignerOptions,
  createAwsKey,
  createAwsSigner,
} from '@weightseal/kms-aws';

/** What no error may show. */
export const CREDENTIALS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLEsessionTOKENofATestRunOnly//////////wEaDGV4YW1wbGU',
} as const;

export const SECRETS: readonly Uint8Array[] = [CREDENTIALS.secretAccessKey, CREDENTIALS.sessionToken].map(
  (text) => Buffer.from(text),
);

/** A key of the server at `endpoint`, through the official SDK. */
export function keyAt(endpoint: string, options: AwsKeyOptions): AwsKey {
  return createAwsKey({
    ...options,
    clientConfig: { endpoint, credentials: CREDENTIALS, ...options.clientConfig },
  });
}

/** A signer of the server at `endpoint`, likewise. */
export function signerAt(endpoint: string, options: AwsSignerOptions): Signer {
  return createAwsSigner({
    ...options,
    clientConfig: { endpoint, credentials: CREDENTIALS, ...options.clientConfig },
  });
}
