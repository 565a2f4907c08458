import { isWeightsealError } from '../errors.js';
import type { UnopenedRelease } from '../keys/release-judge.js';
import type { ReleaseOptions } from './manifest-head.js';
import { readManifest } from './manifest-match.js';

/** It need not be there, or sound, or of what lies there; and who may not list a store is told so of what is not there. */
const NONE: readonly string[] = ['MANIFEST_MISSING', 'MANIFEST_INVALID', 'MANIFEST_MISMATCH', 'STORE_DENIED'];

/** What the manifest says of what is made out of another release: which one that was, where nobody has said, and that has a manifest which is its own. */
export async function releaseAfter(
  release: ReleaseOptions | undefined,
  before: UnopenedRelease,
  signal: AbortSignal | undefined,
): Promise<ReleaseOptions | undefined> {
  if (release?.previous !== undefined) return release;
  try {
    return { ...release, previous: (await readManifest(before, signal)).digest };
  } catch (error) {
    if (isWeightsealError(error) && NONE.includes(error.code)) return release;
    throw error;
  }
}
