import { basename } from 'node:path';
import { MANIFEST_NAME } from '../format/release-names.js';
import { type HashWork, hashFiles } from './hash-files.js';
import { encodeManifest, textProblem } from './manifest.js';
import { type ReadManifest, readManifest } from './manifest-match.js';
import { headOf, type ReleaseOptions } from './manifest-of.js';
import { pathProblem } from './path.js';
import type { Released } from './released.js';

/** Makes the manifest of a sealed file, which is read once for it: a seal makes that of a bundle only. */
export async function makeFileManifest(
  release: Released,
  given: ReleaseOptions | undefined,
  work: HashWork,
): Promise<ReadManifest> {
  const { source, offset } = release.payload!;
  const own = basename(release.name);
  const path = pathProblem(own) === undefined && textProblem(own) === undefined ? own : 'model.sealed';
  const file = { path, size: source.size - offset, sha256: '' };
  let sha256 = '';
  await hashFiles(release, [file], work, (_, digest) => {
    sha256 = digest;
  });
  const bytes = encodeManifest({ ...headOf(release, 'file', given), files: [{ ...file, sha256 }] });
  await release.write(MANIFEST_NAME, bytes, { overwrite: true, signal: work.signal });
  return await readManifest(release, work.signal);
}
