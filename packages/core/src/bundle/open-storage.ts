import { checkPath } from '../common/arguments.js';
import { isLocation, type StoreLocation } from '../store/location.js';
import { BundleDirectory } from './bundle-directory.js';
import { BundlePrefix } from './bundle-prefix.js';
import type { BundleStorage } from './storage.js';

/** A bundle: its directory, or the prefix of its objects in a store. */
export type BundleGiven = string | URL | StoreLocation;

export interface OpenStorage {
  readonly cached?: boolean;
  readonly forFiles?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where a bundle's files lie. @throws INPUT_NOT_FOUND, NOT_SEALED, IO_ERROR */
export async function openStorage(given: BundleGiven, options: OpenStorage): Promise<BundleStorage> {
  if (isLocation(given)) return BundlePrefix.open(given, options.signal);
  return await BundleDirectory.open(checkPath(given, 'The bundle'), options);
}
