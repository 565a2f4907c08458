import { basename } from 'node:path';
import { type OnProgress, progressCounter } from '../common/progress.js';
import { MANIFEST_NAME } from '../format/release-names.js';
import { fileManifest } from '../release/file-manifest.js';
import { checkRelease, type ReleaseOptions } from '../release/manifest-head.js';
import { type ReadManifest, readManifest } from '../release/manifest-match.js';
import { hashFiles } from './hash-files.js';
import type { Released } from './released.js';

export interface MakeManifestOptions {
  readonly release?: ReleaseOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Makes the manifest of a sealed file that has none, which is read once for it. */
export async function makeFileManifest(
  released: Released,
  { release, signal, onProgress }: MakeManifestOptions,
): Promise<ReadManifest> {
  checkRelease(release);
  const { source, offset } = released.payload!;
  const size = source.size - offset;
  const progress = progressCounter(size, onProgress);
  let sha256 = '';
  await hashFiles(released, [{ path: 'model', size, sha256 }], { signal, progress }, (_, digest) => {
    sha256 = digest;
  });
  const payload = { header: released.header!, size, sha256 };
  const bytes = fileManifest(released, payload, basename(released.name), release);
  await released.write(MANIFEST_NAME, bytes, { overwrite: true, signal });
  return await readManifest(released, signal);
}
