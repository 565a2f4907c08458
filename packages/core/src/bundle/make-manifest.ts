import { basename } from 'node:path';
import { type OnProgress, progressCounter } from '../common/progress.js';
import { MANIFEST_NAME } from '../format/release-names.js';
import { hashFiles } from './hash-files.js';
import { encodeManifest, textProblem } from './manifest.js';
import { type ReadManifest, readManifest } from './manifest-match.js';
import { checkRelease, headOf, type ReleaseOptions } from './manifest-of.js';
import { pathProblem } from './path.js';
import type { Released } from './released.js';

export interface MakeManifestOptions {
  readonly release?: ReleaseOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Makes the manifest of a sealed file, which is read once for it: that of a bundle is made while it is sealed. */
export async function makeFileManifest(
  released: Released,
  { release, signal, onProgress }: MakeManifestOptions,
): Promise<ReadManifest> {
  checkRelease(release);
  const { source, offset } = released.payload!;
  const own = basename(released.name);
  const path = pathProblem(own) === undefined && textProblem(own) === undefined ? own : 'model.sealed';
  const file = { path, size: source.size - offset, sha256: '' };
  const progress = progressCounter(file.size, onProgress);
  let sha256 = '';
  await hashFiles(released, [file], { signal, progress }, (_, digest) => {
    sha256 = digest;
  });
  const head = { ...headOf(released, 'file', release), header: released.header };
  const bytes = encodeManifest({ ...head, files: [{ ...file, sha256 }] });
  await released.write(MANIFEST_NAME, bytes, { overwrite: true, signal });
  return await readManifest(released, signal);
}
