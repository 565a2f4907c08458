import { type ReleaseOptions, releaseAfter } from '../release/manifest-head.js';
import { type BundleGiven, openStorage } from './open-storage.js';
import { releasePlace } from './storage.js';

/** What the manifest of a bundle says that takes payloads over from another. */
export async function releaseAfterReuse(
  release: ReleaseOptions | undefined,
  reuse: BundleGiven | undefined,
  signal: AbortSignal | undefined,
): Promise<ReleaseOptions | undefined> {
  if (reuse === undefined || release?.previous !== undefined) return release;
  await using storage = await openStorage(reuse, { cached: true, signal });
  return await releaseAfter(release, releasePlace(storage), signal);
}
