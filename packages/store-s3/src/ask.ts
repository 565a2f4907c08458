import { abortedError, type StoreCall, throwIfAborted, type WriteCondition } from '@weightseal/core';
import type { Connection, Connections } from './connection.js';
import { s3Failure } from './errors.js';

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
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
} as const;

export type Operation = keyof typeof PERMISSIONS;

interface Sending extends Connection {
  /** In every request. */
  readonly common: { readonly Bucket: string; readonly ExpectedBucketOwner?: string };
  /** Ends the request itself, not only the wait for it. */
  readonly abort: { readonly abortSignal: AbortSignal };
}

/** Sends one command, and gives its failure a code. */
export type Ask = <T>(asked: Asked, call: StoreCall, send: (to: Sending) => Promise<T>) => Promise<T>;

/** A bucket, by the one way in which it is asked. */
export interface Bucket {
  readonly name: string;
  readonly uri: string;
  readonly ask: Ask;
}

export function bucketOf(name: string, owner: string | undefined, connections: Connections): Bucket {
  const uri = `s3://${name}`;
  const common = { Bucket: name, ...(owner !== undefined && { ExpectedBucketOwner: owner }) };
  return {
    name,
    uri,
    async ask(asked, { signal }, send) {
      throwIfAborted(signal);
      try {
        const connection = await connections.get();
        throwIfAborted(signal);
        return await send({ ...connection, common, abort: { abortSignal: signal } });
      } catch (error) {
        if (signal.aborted) throw abortedError(signal);
        throw s3Failure(error, asked, uri);
      }
    },
  };
}
