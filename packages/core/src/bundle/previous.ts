import { createHash } from '../common/crypto.js';
import { isWeightsealError } from '../errors.js';
import { MANIFEST_NAME } from '../format/release-names.js';
import { MAX_MANIFEST } from './manifest.js';
import type { ReleaseOptions } from './manifest-of.js';
import { type BundleGiven, openStorage } from './open-storage.js';
import type { BundleStorage } from './storage.js';

/** What the manifest of a bundle says that is made out of another: which one came before, where nobody has said, and that has one. */
export async function releaseAfter(
  release: ReleaseOptions | undefined,
  before: BundleStorage,
  signal: AbortSignal | undefined,
): Promise<ReleaseOptions> {
  if (release?.previous !== undefined) return release;
  const document = await before.readDocument(MANIFEST_NAME, MAX_MANIFEST, signal).catch((error: unknown) => {
    // It is looked at by nobody here, and need not be sound.
    if (isWeightsealError(error) && error.code === 'MANIFEST_INVALID') return undefined;
    throw error;
  });
  if (!document) return release ?? {};
  return { ...release, previous: createHash('sha256').update(document).digest('hex') };
}

/** The same, of a bundle that is not open. */
export async function releaseAfterReuse(
  release: ReleaseOptions | undefined,
  reuse: BundleGiven | undefined,
  signal: AbortSignal | undefined,
): Promise<ReleaseOptions | undefined> {
  if (reuse === undefined || release?.previous !== undefined) return release;
  await using storage = await openStorage(reuse, { cached: true, signal });
  return await releaseAfter(release, storage, signal);
}
