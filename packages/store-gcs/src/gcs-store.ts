import {
  checkOptions,
  defineStore,
  type Kind,
  type ObjectStore,
  type StoreLocation,
  type StoreProvider,
  splitStoreUri,
  WeightsealError,
} from '@weightseal/core';
import { CONNECTION, type ConnectionOptions, connectionOf } from './connection.js';
import { placeOf } from './place.js';
import { list, read, stat } from './reading.js';
import { sending } from './send.js';
import { beginUpload, resumeUpload } from './session.js';
import { put, remove } from './writing.js';

export interface GcsStoreOptions extends ConnectionOptions {
  /** The bucket's name. */
  readonly bucket: string;
}

const SCHEME = 'gs';
const OPTIONS: Readonly<Record<keyof GcsStoreOptions, Kind>> = { ...CONNECTION, bucket: 'any' };

/** https://cloud.google.com/storage/docs/buckets#naming */
const bucketForm = /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/;

/**
 * A bucket of Google Cloud Storage. Credentials come from where Google's library finds them (application default credentials), or from `clientOptions` or `client`. Nothing
 * is loaded or asked before the first call.
 *
 * @throws INVALID_ARGUMENT
 */
export function createGcsStore(options: GcsStoreOptions): ObjectStore {
  checkOptions(options, OPTIONS, 'A store of gs:');
  const { bucket, ...rest } = options;
  if (typeof bucket !== 'string' || !bucketForm.test(bucket))
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'A store of gs: its bucket must be a name of lower-case letters, digits, and . _ -',
    );
  const connection = connectionOf(rest);
  const { send, close } = sending(connection);
  const place = placeOf(bucket, connection, send);
  return {
    uri: `${SCHEME}://${bucket}`,
    stat: (key, call) => stat(place, key, call),
    read: (key, range, call) => read(place, key, range, call),
    list: (prefix, { oneLevel }, call) => list(place, prefix, oneLevel, call),
    put: (key, bytes, write, call) => put(place, key, bytes, write, call),
    upload: (key, write, call) => beginUpload(place, key, write, call),
    resume: (key, of, call) => resumeUpload(place, key, of, call),
    remove: (key, { version }, call) => remove(place, key, version, call),
    close: async () => close(),
  };
}

/** The place of `gs://BUCKET/OBJECT`. @throws STORE_URI_INVALID, INVALID_ARGUMENT */
export function gcsLocationFromUri(uri: string, options: ConnectionOptions = {}): StoreLocation {
  checkOptions(options, CONNECTION, 'A store of gs:');
  const { authority: bucket, key } = splitStoreUri(uri, SCHEME, { authority: 'bucket' });
  if (!bucketForm.test(bucket))
    throw new WeightsealError(
      'STORE_URI_INVALID',
      "A store's URI of gs: its bucket must be a name of lower-case letters, digits, and . _ -",
    );
  return { store: createGcsStore({ ...options, bucket }), key };
}

export const provider: StoreProvider = defineStore<ConnectionOptions>({
  scheme: SCHEME,
  options: Object.keys(CONNECTION) as (keyof ConnectionOptions)[],
  fromUri: gcsLocationFromUri,
});
