import { checkKinds } from '../common/arguments.js';
import { type OnProgress, progressCounter } from '../common/progress.js';
import { throwIfAborted, type WeightsealError } from '../errors.js';
import { shown } from '../format/path.js';
import type { Manifest, ManifestFile } from '../release/manifest.js';
import { mismatch, readManifest } from '../release/manifest-match.js';
import { hashFiles } from './hash-files.js';
import { checkFiles, otherFile } from './manifest-check-files.js';
import type { BundleGiven } from './open-storage.js';
import { openReleased, type Released } from './released.js';
import { releasePlace } from './storage.js';

export interface CheckManifestOptions {
  /** Globs of files that may lie there although the manifest does not name them; `true` for any. */
  readonly allowExtra?: boolean | readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** What of a release can be said without a key. */
export interface CheckedManifest {
  readonly manifest: Manifest;
  /** SHA-256 of the manifest, in hexadecimal: the name of the release. */
  readonly digest: string;
  readonly files: number;
  /** Bytes of them. */
  readonly size: number;
}

/**
 * Compares all that lies there with its manifest: sizes and digests of every file, with no key, and nothing is opened. It says that these are the bytes which the manifest names, and not who made it: a signature does.
 *
 * @throws MANIFEST_MISSING, MANIFEST_INVALID, MANIFEST_MISMATCH, MEMBER_MISSING, MEMBER_EXTRA, MEMBER_TAMPERED, NOT_SEALED, what reading an envelope throws, ABORTED, and what the place throws
 */
export async function checkManifest(
  given: BundleGiven,
  options: CheckManifestOptions = {},
): Promise<CheckedManifest> {
  const { allowExtra = false, signal, onProgress } = checkKinds(options, 'verifyManifest');
  throwIfAborted(signal);
  await using release = await openReleased(given, signal);
  const { manifest, digest } = await readManifest(release, signal);
  await checkSizes(release, manifest, allowExtra, signal);
  const size = manifest.files.reduce((sum, file) => sum + file.size, 0);
  const progress = progressCounter(size, onProgress);
  await hashFiles(release, manifest.files, { signal, progress }, (file, sha256) => {
    if (sha256 !== file.sha256) throw differs(manifest, file, 'has another digest');
  });
  return { manifest, digest, files: manifest.files.length, size };
}

/** Before anything is read. */
async function checkSizes(
  { storage, payload }: Released,
  manifest: Manifest,
  allowExtra: boolean | readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const [file] = manifest.files;
  if (storage) await checkFiles(manifest, releasePlace(storage, { allowExtra, whole: true }), signal);
  else if (payload!.source.size - payload!.offset !== file!.size)
    throw differs(manifest, file!, 'has another length');
}

/** A file by itself is no member of anything. */
function differs({ kind }: Manifest, { path }: ManifestFile, how: string): WeightsealError {
  return kind === 'bundle' ? otherFile(path, how) : mismatch(`${shown(path)} ${how}`);
}
