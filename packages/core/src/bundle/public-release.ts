import type { ByteSource } from '../io/byte-source.js';
import type { ReleasePlace, UnopenedRelease } from '../keys/release-judge.js';
import type { Manifest } from '../release/manifest.js';
import type { ReadManifest } from '../release/manifest-match.js';
import type { CheckedManifest, CheckManifestOptions } from './check-manifest.js';
import type { DiffOptions, ReleaseDiff } from './diff.js';
import type { DocumentAt, DocumentOptions } from './document.js';
import type { MakeManifestOptions } from './make-manifest.js';
import type { BundleGiven } from './open-storage.js';
import type { Released } from './released.js';

// Of releases, loaded with the work on directories: public.ts.
const bundles = () => import('./bundles.js');

/**
 * Compares all that lies there with its manifest: sizes and digests of every file, with no key, and nothing is opened. It says that these are the bytes which the manifest names, and not who made it: a signature does.
 *
 * @throws MANIFEST_MISSING, MANIFEST_INVALID, MANIFEST_MISMATCH, MEMBER_MISSING, MEMBER_EXTRA, MEMBER_TAMPERED, NOT_SEALED, what reading an envelope throws, ABORTED, and what the place throws
 */
export async function verifyManifest(
  sealed: BundleGiven,
  options: CheckManifestOptions = {},
): Promise<CheckedManifest> {
  return (await bundles()).checkManifest(sealed, options);
}

/**
 * Compares two bundles by their manifests, and with keys by their members too.
 *
 * @throws MANIFEST_MISSING, MANIFEST_INVALID, MANIFEST_MISMATCH, with keys what opening throws, and what the places throw
 */
export async function diffBundles(
  from: BundleGiven,
  to: BundleGiven,
  options: DiffOptions = {},
): Promise<ReleaseDiff> {
  return (await bundles()).diffBundles(from, to, options);
}

/**
 * SHA-256 of all of a file or an object, in hexadecimal; of a file on another thread, where there may be one.
 *
 * @throws MEMBER_TAMPERED, INPUT_CHANGED for a file that has become shorter, ABORTED, and what the place throws
 * @hidden
 */
export async function digestOf(source: ByteSource, signal?: AbortSignal): Promise<string> {
  return (await bundles()).digestOfAll(source, signal);
}

/** The bytes of a manifest (FORMAT.md §27). */
export async function encodeManifest(manifest: Manifest): Promise<Uint8Array> {
  return (await bundles()).encodeManifest(manifest);
}

/** @throws MANIFEST_INVALID */
export async function parseManifest(bytes: Uint8Array): Promise<Manifest> {
  return (await bundles()).parseManifest(bytes);
}

/**
 * The manifest of what is about to be opened, once it is seen to be of just that: of the same id and context, and of a bundle with this member table. So it holds for whatever recipients the envelope has by now.
 *
 * @throws MANIFEST_MISSING, MANIFEST_INVALID, MANIFEST_MISMATCH, and what the place throws
 */
export async function readManifest(
  release: UnopenedRelease,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ReadManifest> {
  return (await bundles()).readManifest(release, options.signal);
}

/**
 * A sealed file or bundle, by all that it shows without a key, and where the documents of its release are.
 *
 * @throws INPUT_NOT_FOUND, NOT_SEALED, what reading an envelope throws, and what the place throws
 * @hidden
 */
export async function openReleased(
  sealed: BundleGiven,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Released> {
  return (await bundles()).openReleased(sealed, options.signal);
}

/**
 * What a sealed file, or the envelope of a bundle, shows without a key, of bytes that the caller has: whoever has a file open is told of that one.
 *
 * @throws NOT_SEALED, ENVELOPE_INVALID and what else reading an envelope throws, ABORTED, and what the source throws
 * @hidden
 */
export async function readUnopened(
  kind: UnopenedRelease['kind'],
  source: ByteSource,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Omit<UnopenedRelease, keyof ReleasePlace>> {
  return (await bundles()).readUnopened(kind, source, options.signal);
}

/**
 * Whether this begins as the file of a sealed member does, or a member table (FORMAT.md §9): nobody can say more of it without a key.
 *
 * @throws ABORTED, and what the source throws
 * @hidden
 */
export async function beginsSealed(
  source: ByteSource,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<boolean> {
  return (await bundles()).beginsSealed(source, options.signal);
}

/**
 * Makes the manifest of a sealed file, which is read once for it: that of a bundle is made while it is sealed.
 *
 * @hidden
 */
export async function makeFileManifest(
  released: Released,
  options: MakeManifestOptions = {},
): Promise<ReadManifest> {
  return (await bundles()).makeFileManifest(released, options);
}

/**
 * A small document in a file or an object; undefined where there is none.
 *
 * @throws what `tooLong` gives, and what the place throws
 * @hidden
 */
export async function readDocument(
  at: DocumentAt,
  options: DocumentOptions,
): Promise<Uint8Array | undefined> {
  return (await bundles()).readDocument(at, options);
}

/**
 * Puts another document in the place of one, in one step, and never in that of one that it has not seen.
 *
 * @throws INPUT_CHANGED, OUTPUT_EXISTS where somebody else was first, what `change` and `tooLong` give, and what the place throws
 * @hidden
 */
export async function changeDocument(
  at: DocumentAt,
  change: (before: Uint8Array | undefined) => Promise<Uint8Array>,
  options: DocumentOptions,
): Promise<void> {
  return (await bundles()).changeDocument(at, change, options);
}

/**
 * Compares what lies there with the manifest of a bundle, by names and sizes: nothing is opened. Where nobody can tell what lies there, nothing is compared.
 *
 * @throws MEMBER_MISSING where all are wanted, MEMBER_EXTRA, MEMBER_TAMPERED for another length, and what the place throws
 * @hidden
 */
export async function checkFiles(
  manifest: Pick<Manifest, 'files'>,
  release: UnopenedRelease,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  return (await bundles()).checkFiles(manifest, release, options.signal);
}
