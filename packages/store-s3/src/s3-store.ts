import {
  defineStore,
  type ObjectStore,
  type StoreLocation,
  type StoreProvider,
  splitStoreUri,
} from '@weightseal/core';
import { bucketOf } from './ask.js';
import { Connections } from './connection.js';
import { list } from './listing.js';
import { checkedOptions, invalid, KINDS, type S3StoreOptions } from './options.js';
import { read, stat } from './reading.js';
import { unfinished } from './unfinished.js';
import { resume, upload } from './upload.js';
import { put, remove } from './writing.js';

/** With less, a server works a quarter more for the same bytes; with more, 16 at once take too much memory: docs/performance.md. */
const REQUEST_BYTES = 4_194_304;
/** It becomes a part of a host name, or of a path. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;

/**
 * A bucket of Amazon S3, or of a server that speaks it. Credentials, region and endpoint come from where the SDK finds them, or from the options. Nothing is loaded or
 * asked before the first request. An object's version is its ETag: unlike a version id, every server has one, and it needs no permission of its own.
 *
 * @throws INVALID_ARGUMENT
 */
export function createS3Store(options: S3StoreOptions & { readonly bucket: string }): ObjectStore {
  const { bucket: name, ...others } = options;
  if (typeof name !== 'string' || !BUCKET.test(name) || name.includes('..'))
    throw invalid('`bucket` is the name of a bucket, or the alias of an access point');
  const checked = checkedOptions(others);
  const connections = new Connections(checked);
  const bucket = bucketOf(name, checked.bucketOwner, connections);
  return {
    uri: bucket.uri,
    requestBytes: REQUEST_BYTES,
    stat: (key, call) => stat(bucket, key, call),
    read: (key, range, call) => read(bucket, key, range, call),
    list: (prefix, one, call) => list(bucket, prefix, one, call),
    put: (key, bytes, write, call) => put(bucket, key, bytes, write, call),
    upload: (key, write, call) => upload(bucket, key, write, call),
    resume: (key, of, call) => resume(bucket, key, of, call),
    unfinished: (prefix, call) => unfinished(bucket, prefix, call),
    remove: (key, of, call) => remove(bucket, key, of, call),
    close: () => connections.close(),
  };
}

/**
 * The place that `s3://BUCKET/KEY` names.
 *
 * @throws STORE_URI_INVALID, INVALID_ARGUMENT
 */
export function s3LocationFromUri(uri: string, options: S3StoreOptions = {}): StoreLocation {
  const { authority, key } = splitStoreUri(uri, 's3', { authority: 'bucket' });
  return { store: createS3Store({ ...options, bucket: authority }), key };
}

/** Stores of `s3:`. */
export const provider: StoreProvider = defineStore<S3StoreOptions>({
  scheme: 's3',
  options: Object.keys(KINDS) as (keyof S3StoreOptions)[],
  fromUri: s3LocationFromUri,
});
