import type { Envelope } from '../format/envelope.js';
import type { ReleaseOptions } from '../release/manifest-head.js';
import { releaseAfter } from '../release/release-after.js';
import { readEnvelope } from './head.js';
import { type BundleGiven, openStorage } from './open-storage.js';
import { type BundleStorage, releasePlace } from './storage.js';

/** What the manifest of a bundle says that is made out of another. */
export async function releaseAfterBundle(
  release: ReleaseOptions | undefined,
  storage: BundleStorage,
  { core, table }: Envelope,
  signal: AbortSignal | undefined,
): Promise<ReleaseOptions | undefined> {
  const { id, context } = core;
  return await releaseAfter(
    release,
    { kind: 'bundle', ...releasePlace(storage), id, context, table },
    signal,
  );
}

/** Likewise where it takes payloads over from another. */
export async function releaseAfterReuse(
  release: ReleaseOptions | undefined,
  reuse: BundleGiven | undefined,
  signal: AbortSignal | undefined,
): Promise<ReleaseOptions | undefined> {
  if (reuse === undefined || release?.previous !== undefined) return release;
  await using storage = await openStorage(reuse, { cached: true, signal });
  const { envelope } = await readEnvelope(storage, signal);
  return await releaseAfterBundle(release, storage, envelope, signal);
}
