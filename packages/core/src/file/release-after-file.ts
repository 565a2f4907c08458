import type { ByteSource } from '../io/byte-source.js';
import type { ReleasePlace } from '../keys/release-judge.js';
import type { ReleaseOptions } from '../release/manifest-head.js';
import { releaseAfter } from '../release/release-after.js';
import { readHeadOf } from './head.js';
import { inFile } from './in-file.js';
import type { ManifestOptions } from './manifest-beside.js';

/** What the manifest of a new file says of the one that it is made out of. Before a key is asked, and all the work. */
export async function releaseAfterFile(
  { release, signal }: ManifestOptions & { readonly signal?: AbortSignal | undefined },
  source: ByteSource,
  place: ReleasePlace | undefined,
): Promise<ReleaseOptions | undefined> {
  if (!place) return release;
  const { envelope, floeHeader: header } = await readHeadOf(source, signal).catch((error: unknown) => {
    throw inFile(error, place.name);
  });
  const { id, context } = envelope.core;
  return await releaseAfter(release, { kind: 'file', ...place, id, context, header }, signal);
}
