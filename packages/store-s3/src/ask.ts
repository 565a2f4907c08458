import { abortedError, type StoreCall, throwIfAborted } from '@weightseal/core';
import type { Asked } from './asked.js';
import type { Connection, Connections } from './connection.js';
import { s3Failure } from './errors.js';

export interface Sending extends Connection {
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
