import type { WriteCondition } from '@weightseal/core';

/** What a request is about, for the sentence that says why it failed. */
export interface Asked {
  /** The operation of the API, `GetObject`. */
  readonly operation: Operation;
  /** An object's key, or a prefix. */
  readonly key: string;
  readonly condition?: WriteCondition | undefined;
}

/** Which permission each needs. HeadObject has no permission of its own. */
export const PERMISSIONS = {
  HeadObject: 's3:GetObject',
  GetObject: 's3:GetObject',
  ListObjectsV2: 's3:ListBucket',
  PutObject: 's3:PutObject',
  DeleteObject: 's3:DeleteObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  UploadPartCopy: 's3:PutObject here and s3:GetObject on what is copied',
  CompleteMultipartUpload: 's3:PutObject',
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  ListParts: 's3:ListMultipartUploadParts',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
} as const;

export type Operation = keyof typeof PERMISSIONS;
