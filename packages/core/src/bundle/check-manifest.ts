import { checkKinds } from '../common/arguments.js';
import { matcherOf } from '../common/glob.js';
import { type OnProgress, progressCounter } from '../common/progress.js';
import { throwIfAborted } from '../errors.js';
import { hashFiles } from './hash-files.js';
import type { Manifest } from './manifest.js';
import { differs, readManifest } from './manifest-match.js';
import type { BundleGiven } from './open-storage.js';
import { TABLE_NAME } from './path.js';
import { openReleased, type Released } from './released.js';

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
 * @throws MANIFEST_MISSING, MANIFEST_INVALID, MANIFEST_MISMATCH, NOT_SEALED, what reading an envelope throws, ABORTED, and what the place throws
 */
export async function checkManifest(
  given: BundleGiven,
  options: CheckManifestOptions = {},
): Promise<CheckedManifest> {
  const { allowExtra = false, signal, onProgress } = checkKinds(options, 'verifyManifest');
  throwIfAborted(signal);
  await using release = await openReleased(given, signal);
  const { manifest, digest } = await readManifest(release, signal);
  await checkNames(release, manifest, allowExtra, signal);
  const size = manifest.files.reduce((sum, file) => sum + file.size, 0);
  const progress = progressCounter(size, onProgress);
  await hashFiles(release, manifest.files, { signal, progress }, (file, sha256) => {
    if (sha256 !== file.sha256) throw differs(file.path, 'has another digest');
  });
  return { manifest, digest, files: manifest.files.length, size };
}

/** Before anything is read: what is missing, what is one too many, and what is longer or shorter. */
async function checkNames(
  { storage, payload }: Released,
  { files }: Manifest,
  allowExtra: boolean | readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (payload) {
    if (payload.source.size - payload.offset !== files[0]!.size)
      throw differs(files[0]!.path, 'has another length');
    return;
  }
  const there = await storage!.files(signal);
  if (!there) return;
  const sizes = new Map(there.map(({ path, sealedSize }) => [path, sealedSize]));
  for (const { path, size } of files) {
    if (path === TABLE_NAME) continue;
    const found = sizes.get(path);
    if (found === undefined) throw differs(path, 'is missing');
    if (found !== size) throw differs(path, 'has another length');
    sizes.delete(path);
  }
  if (allowExtra === true) return;
  const isAllowed = allowExtra === false ? () => false : matcherOf(allowExtra, 'allowExtra');
  for (const path of sizes.keys())
    if (!isAllowed(path) && !isFolder(path)) throw differs(path, 'is one too many');
}

/** FORMAT.md §26.3: what consoles make where somebody asks for a folder. */
function isFolder(path: string): boolean {
  return path === '' || path.endsWith('/');
}
