import type { StoreLocation } from '../store/location.js';
import type { Incomplete, ModelFile } from './incomplete/types.js';
import type { RewrappedBundle } from './new-envelope.js';
import type { BundleInspection } from './open.js';
import type { BundleGiven } from './open-storage.js';
import type { BundleReader } from './reader.js';
import type { ResealBundleOptions, ResealedBundle } from './reseal.js';
import type { SweepBundleOptions, SweptBundle } from './sweep-in-store.js';
import type {
  OpenBundleOptions,
  OpenedBundle,
  OpenMembersOptions,
  RewrapBundleOptions,
  SealBundleOptions,
  SealedBundle,
} from './types.js';

// The work on directories is half of the package, and most programs have files only: it is loaded when it is asked for.
const bundles = () => import('./bundles.js');

/**
 * Seals a directory into a bundle, which is a directory too. It appears under its name when all of it is durable, and nothing is left when this throws. A place in a store becomes one when its last
 * object, the envelope, is there; nothing may lie below it before, and `overwrite` and `resume` are not for it.
 *
 * @throws PATH_INVALID, LINK_INVALID and BUNDLE_LIMIT for what no bundle can hold, before any work; ALREADY_SEALED, INPUT_NOT_FOUND, INPUT_CHANGED, OUTPUT_EXISTS, NO_SPACE,
 *   IO_ERROR, ABORTED, INVALID_ARGUMENT, CONTEXT_INVALID, RECIPIENT_REQUIRED, WRAP_NOT_VERIFIED, ENVELOPE_FULL, and what the key providers throw
 */
export async function sealBundle(
  directory: string | URL,
  output: BundleGiven,
  options: SealBundleOptions,
): Promise<SealedBundle> {
  return (await bundles()).sealBundle(directory, output, options);
}

/**
 * Opens a bundle: authenticates its envelope and its table, looks that nothing stands in its directory, or below its place in a store, that the table does not name, and reads no member yet.
 *
 * @throws NOT_SEALED, ENVELOPE_INVALID, UNSUPPORTED_VERSION, CONTEXT_MISMATCH, what the keys throw, ENVELOPE_TAMPERED, METADATA_TAMPERED, TABLE_TAMPERED, TABLE_INVALID,
 *   PATH_INVALID, LINK_INVALID, MEMBER_MISSING for the table, MEMBER_EXTRA
 */
export async function openBundle(bundle: BundleGiven, options: OpenBundleOptions): Promise<BundleReader> {
  return (await bundles()).openBundle(bundle, options);
}

/** Opens a bundle, authenticates all of it, and writes nothing. @throws like `openBundle` and `BundleReader.verify` */
export async function verifyBundle(
  bundle: BundleGiven,
  options: OpenBundleOptions & OpenMembersOptions,
): Promise<OpenedBundle> {
  return (await bundles()).verifyBundle(bundle, options);
}

/** Tells what a bundle shows without a key. @throws NOT_SEALED, ENVELOPE_INVALID, UNSUPPORTED_VERSION, MEMBER_MISSING, TABLE_TAMPERED, IO_ERROR, ABORTED */
export async function inspectBundle(
  bundle: BundleGiven,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<BundleInspection> {
  return (await bundles()).inspectBundle(bundle, options);
}

/**
 * Changes who may open a bundle: same data key, and only `weightseal.json` is written, whole, by rename. Without `add` and `remove` the wraps of `keys` are made anew, with the keys' present
 * versions. It locks nobody out who has had the data key or a copy of the bundle: that is what a reseal is for. Waits for another rewrap to end, and then changes what that one has left; in a
 * store one of two at once is told INPUT_CHANGED.
 *
 * @throws ENVELOPE_FULL, GENERATION_EXHAUSTED, RECIPIENT_NOT_FOUND, RECIPIENT_REQUIRED, WRAP_NOT_VERIFIED, INPUT_CHANGED when something else than a rewrap changed the envelope meanwhile, and
 *   what opening throws
 */
export async function rewrapBundle(
  bundle: BundleGiven,
  options: RewrapBundleOptions,
): Promise<RewrappedBundle> {
  return (await bundles()).rewrapBundle(bundle, options);
}

/**
 * Gives a bundle a new data key, and every payload a new key: all is decrypted and encrypted anew in memory, beside the old bundle, which stays as it is until the new one has been verified
 * from its first byte to its last. Whoever had the old keys cannot open the new bundle. FORMAT.md §25.4.
 *
 * @throws RECIPIENT_REQUIRED when a recipient would silently be lost, MEMBER_EXTRA for what would be lost with the old directory, and what sealing and opening throw
 */
export async function resealBundle(
  bundle: BundleGiven,
  options: ResealBundleOptions,
): Promise<ResealedBundle> {
  return (await bundles()).resealBundle(bundle, options);
}

/**
 * Removes what a seal or reseal into a store has left that never came to its end: all that lies below the place, once there is the mark of one (`weightseal.sealing`), and no envelope. Of a bundle that is
 * whole it removes such a mark only.
 *
 * @throws OUTPUT_EXISTS for a seal that began just now, STORE_UNSUPPORTED, INVALID_ARGUMENT, ABORTED, and what the store throws
 */
export async function sweepBundle(
  location: StoreLocation,
  options: SweepBundleOptions = {},
): Promise<SweptBundle> {
  return (await bundles()).sweepBundle(location, options);
}

/**
 * What a model's own files name and is not in its directory. Nothing of it is an error by itself: a worker may be given its shards only, and an adapter's base model lies where
 * it lies. An index of which no shard is there is passed over where another one beside it has all of its own, or whole weights lie there: whoever fetched the
 * model chose one of its formats.
 *
 * @param files all that the directory has
 * @param read the bytes of one of them, of at most 16 MiB; called for index files, adapters and ONNX models only, one after another
 */
export async function findIncomplete(
  files: readonly ModelFile[],
  read: (path: string) => Promise<Uint8Array>,
): Promise<Incomplete[]> {
  return (await bundles()).findIncomplete(files, read);
}
