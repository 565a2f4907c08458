import {
  checkOptions,
  defineStore,
  type ErrorCode,
  type Kind,
  type ObjectStore,
  type StoreLocation,
  type StoreProvider,
  splitStoreUri,
  WeightsealError,
} from '@weightseal/core';
import { beginUpload, resumeUpload } from './block-upload.js';
import { lazyClients } from './clients.js';
import { CONNECTION, type ConnectionOptions, endpointOf, identityOf, invalid } from './connection.js';
import { placeOf } from './place.js';
import { list, read, stat } from './reading.js';
import { put, remove } from './writing.js';

export interface AzureStoreOptions extends ConnectionOptions {
  /** The storage account's name, without a host. */
  readonly account: string;
  readonly container: string;
}

const SCHEME = 'az';
const OPTIONS: Readonly<Record<keyof AzureStoreOptions, Kind>> = {
  ...CONNECTION,
  account: 'any',
  container: 'any',
};

const accountForm = /^[a-z0-9]{3,24}$/;
const containerForm = /^(?:\$root|\$web|(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9])$/;

/**
 * A container of Azure Blob Storage. Nothing is loaded or asked before the first call.
 *
 * @throws INVALID_ARGUMENT
 */
export function createAzureStore(options: AzureStoreOptions): ObjectStore {
  checkOptions(options, OPTIONS, 'A store of az:');
  const { account, container, ...connection } = options;
  checkNames(account, container, 'INVALID_ARGUMENT');
  const url = `${endpointOf(account, connection)}/${container}`;
  const uri = `${SCHEME}://${account}/${container}`;
  const { proxy, clientOptions = {} } = connection;
  if (proxy !== undefined && !(URL.canParse(proxy) && /^https?:$/.test(new URL(proxy).protocol)))
    throw invalid('`proxy` is the URL of a proxy, http://host:port');
  const identity = identityOf(account, connection);
  const load = lazyClients({ url, account, identity, proxy, options: clientOptions });
  const place = placeOf(uri, load);
  return {
    uri,
    stat: (key, call) => stat(place, key, call),
    read: (key, range, call) => read(place, key, range, call),
    list: (prefix, { oneLevel }, call) => list(place, prefix, oneLevel, call),
    put: (key, bytes, write, call) => put(place, key, bytes, write, call),
    upload: (key, write, call) => beginUpload(place, key, write, call),
    resume: (key, of, call) => resumeUpload(place, key, of, call),
    remove: (key, { version }, call) => remove(place, key, version, call),
    // The SDK's connections are all stores', and keep no process alive.
    close: async () => {},
  };
}

/** The place of `az://ACCOUNT/CONTAINER/BLOB`. @throws STORE_URI_INVALID, INVALID_ARGUMENT */
export function azureLocationFromUri(uri: string, options: ConnectionOptions = {}): StoreLocation {
  checkOptions(options, CONNECTION, 'A store of az:');
  const { authority, key } = splitStoreUri(uri, SCHEME, { authority: 'account/container' });
  const [account = '', container = ''] = authority.split('/');
  checkNames(account, container, 'STORE_URI_INVALID');
  return { store: createAzureStore({ ...options, account, container }), key };
}

function checkNames(account: unknown, container: unknown, code: ErrorCode): void {
  if (typeof account !== 'string' || !accountForm.test(account))
    throw new WeightsealError(
      code,
      'A store of az: its account must be a name of 3 to 24 lower-case letters and digits, and no host.',
    );
  if (typeof container !== 'string' || !containerForm.test(container))
    throw new WeightsealError(
      code,
      'A store of az: its container must be a name of 3 to 63 lower-case letters, digits and single hyphens.',
    );
}

export const provider: StoreProvider = defineStore<ConnectionOptions>({
  scheme: SCHEME,
  options: Object.keys(CONNECTION) as (keyof ConnectionOptions)[],
  fromUri: azureLocationFromUri,
});
