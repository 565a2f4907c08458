import { type ReadManifest, WeightsealError } from '@weightseal/core';
import { manifestNameOf } from '../release/statement-of-release.js';
import type { ModelStatement } from '../statement/model.js';

/**
 * The statement names this manifest, and of a bundle just its files besides: nothing more, nothing less. What is signed of a file is its manifest.
 *
 * @throws SIGNATURE_MISMATCH
 */
export function checkContents(
  { resources }: Pick<ModelStatement, 'resources'>,
  { manifest, digest }: Pick<ReadManifest, 'manifest' | 'digest'>,
): void {
  const name = manifestNameOf({ manifest });
  const signed = new Map(resources.map((one) => [one.name, one.digest]));
  if (!signed.has(name)) throw mismatch(`it does not name ${name}`);
  if (signed.get(name) !== digest) throw mismatch(`it names another ${name}`);
  const files = manifest.kind === 'bundle' ? manifest.files : [];
  for (const { path, sha256 } of files)
    if (signed.get(path) !== sha256) throw mismatch(`it names another ${path}`);
  if (resources.length !== files.length + 1) throw mismatch('it names files that the manifest does not');
}

function mismatch(what: string): WeightsealError {
  return new WeightsealError(
    'SIGNATURE_MISMATCH',
    `The signature is good, and not of this manifest: ${what}. Get the signature that belongs to it from where it was released.`,
  );
}
