import type { StoreLocation } from '../store/location.js';
import type { CopyChecks } from './checks.js';
import type {
  Copied,
  CopyOptions,
  ListOptions,
  StoredAt,
  StoredEntry,
  SweepStoreOptions,
  SweptStore,
} from './types.js';

// Loaded when it is asked for: most programs open models where they are.

/**
 * Copies a sealed file, with its manifest and signature, or a bundle as it lies there, from a directory or a store to a directory or a store. Nothing is opened, and no key is needed. What is there already and is the same is not
 * copied again, so that a copy which was cut off goes on; a file and a bundle appear when all of it is there. Memory: 256 MiB at any size, most of it what is on its way, and about 6 KiB for each file of a bundle.
 *
 * @throws INPUT_NOT_FOUND, NOT_SEALED for what is not sealed, unless `any`; OUTPUT_EXISTS for another one that is there, ENVELOPE_INVALID, MEMBER_MISSING and TABLE_TAMPERED for what is no
 *   whole bundle, PATH_INVALID, INPUT_CHANGED, NO_SPACE, IO_ERROR, ABORTED, INVALID_ARGUMENT, and the codes of class `store`
 */
export async function copySealed(from: StoredAt, to: StoredAt, options?: CopyOptions): Promise<Copied> {
  return (await import('./copy.js')).copySealed(from, to, options);
}

/**
 * The same to a disk, and checks what comes while it comes: nothing gets its name that is not what was expected.
 *
 * @hidden
 */
export async function copyChecked(
  from: StoreLocation,
  to: string,
  checks: CopyChecks,
  options: CopyOptions = {},
): Promise<Copied> {
  return (await import('./copy.js')).copyChecked(from, to, options, checks);
}

/**
 * What lies at a place, or below it, as it comes, in the order of the names: sealed files, bundles, directories, and what is not sealed. No key is needed. Of each file the first bytes are
 * looked at, of each directory whether it has an envelope; memory stays the same however much there is.
 *
 * @throws INPUT_NOT_FOUND, IO_ERROR, ABORTED, INVALID_ARGUMENT, STORE_UNSUPPORTED for a store that lists nothing, and the other codes of class `store`
 */
export async function* listSealed(
  at: StoredAt,
  options?: ListOptions,
): AsyncGenerator<StoredEntry, void, undefined> {
  yield* (await import('./list.js')).listSealed(at, options);
}

/**
 * Removes what was begun at a place in a store, or below it, and has not come to its end: uploads, and bundles whose seal, reseal or copy was cut off.
 *
 * @throws STORE_UNSUPPORTED for a store that is only read, ABORTED, INVALID_ARGUMENT, and the other codes of class `store`
 */
export async function sweepStore(location: StoreLocation, options?: SweepStoreOptions): Promise<SweptStore> {
  return (await import('./sweep.js')).sweepStore(location, options);
}
