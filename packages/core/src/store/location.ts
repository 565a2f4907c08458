import { WeightsealError } from '../errors.js';
import type { ObjectStore } from './object-store.js';
import type { StoreTuning } from './tuning.js';

/**
 * A place in a store, where elsewhere a path is taken: an object, or the prefix of a bundle's objects. `locationFromUri` of `@weightseal/stores` makes one of a URI. The store is the caller's to
 * close.
 */
export interface StoreLocation {
  readonly store: ObjectStore;
  /** Names with `/` between them, none at the beginning or the end; empty for all of the store. */
  readonly key: string;
  /** How requests are made, where the defaults do not fit. */
  readonly tuning?: StoreTuning | undefined;
}

export function isLocation(given: unknown): given is StoreLocation {
  if (typeof given !== 'object' || given === null) return false;
  const { store, key } = given as Partial<StoreLocation>;
  return typeof key === 'string' && typeof store === 'object' && typeof store?.read === 'function';
}

/** Its URI, for messages. */
export function uriOf({ store, key }: StoreLocation): string {
  return key === '' ? store.uri : `${store.uri}/${key}`;
}

/**
 * The place of a name below it.
 *
 * @hidden
 */
export function below(location: StoreLocation, name: string): StoreLocation {
  return { ...location, key: location.key === '' ? name : `${location.key}/${name}` };
}

/** A method that not every store has. @throws STORE_UNSUPPORTED */
export function able<Name extends 'list' | 'put' | 'upload' | 'resume' | 'remove' | 'unfinished'>(
  store: ObjectStore,
  name: Name,
): NonNullable<ObjectStore[Name]> {
  const method = store[name];
  // Bound, since a store may be a class.
  if (method) return method.bind(store) as NonNullable<ObjectStore[Name]>;
  throw new WeightsealError('STORE_UNSUPPORTED', `${store.uri} ${CANNOT[name]}.`);
}

const CANNOT = {
  list: 'cannot list what it has; name an object',
  put: 'can only be read; write to another store',
  upload: 'can only be read; write to another store',
  resume: 'cannot go on with an upload that was cut off; begin anew',
  remove: 'can only be read; nothing in it can be removed from here',
  unfinished: 'does not tell of uploads that were begun',
} as const;
