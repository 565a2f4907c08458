import { comparePaths, MANIFEST_NAME, type ReadManifest, SIGNATURE_NAME } from '@weightseal/core';
import { GIT_NAMES, type Resource, statementOf } from '../statement/model.js';

/** What a rewrap changes, and what comes after the statement. */
const IGNORED: readonly string[] = ['weightseal.json', SIGNATURE_NAME];

/** The name by which a signature knows a manifest: FORMAT.md §28.2. */
export function manifestNameOf({ manifest }: Pick<ReadManifest, 'manifest'>): string {
  return manifest.kind === 'bundle' ? MANIFEST_NAME : `${manifest.files[0]!.path}.${MANIFEST_NAME}`;
}

/** Everything that is signed of a release is in its manifest: no payload is read. FORMAT.md §28.2. */
export function statementOfRelease(read: ReadManifest, calledOtherwise: string): Uint8Array {
  const { manifest, digest } = read;
  const resources: Resource[] = [{ name: manifestNameOf(read), digest }];
  if (manifest.kind === 'bundle')
    for (const { path, sha256 } of manifest.files) resources.push({ name: path, digest: sha256 });
  resources.sort((a, b) => comparePaths(a.name, b.name));
  const ignorePaths = [...IGNORED, ...GIT_NAMES];
  return statementOf(resources, { name: manifest.name ?? calledOtherwise, ignorePaths });
}
