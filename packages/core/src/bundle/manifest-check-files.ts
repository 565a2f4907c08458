import { WeightsealError } from '../errors.js';
import { shown, TABLE_NAME } from '../format/path.js';
import type { ReleasePlace } from '../keys/release-judge.js';
import type { Manifest, ManifestFile } from '../release/manifest.js';

/**
 * Compares what lies there with the manifest of a bundle, by names and sizes: nothing is opened. Where nobody can tell what lies there, nothing is compared.
 *
 * @throws MEMBER_MISSING where all are wanted, MEMBER_EXTRA, MEMBER_TAMPERED for another length, and what the place throws
 */
export async function checkFiles(
  { files }: Pick<Manifest, 'files'>,
  place: ReleasePlace,
  signal: AbortSignal | undefined,
): Promise<void> {
  const there = await place.files?.(signal);
  if (!there) return;
  const sizes = new Map(there.map(({ path, sealedSize }) => [path, sealedSize]));
  for (const { path, size } of files) {
    const found = sizes.get(path);
    if (path === TABLE_NAME || (found === undefined && !place.whole)) continue;
    if (found === undefined) throw missingFile(path);
    if (found !== size) throw otherFile(path, 'has another length');
    sizes.delete(path);
  }
  for (const path of sizes.keys()) if (!isFolder(path) && !place.isAllowed?.(path)) throw extraFile(path);
}

/** FORMAT.md §26.3: what consoles make where somebody asks for a folder. */
function isFolder(path: string): boolean {
  return path === '' || path.endsWith('/');
}

export function missingFile(path: string): WeightsealError {
  return new WeightsealError(
    'MEMBER_MISSING',
    `The bundle lacks ${shown(path)}, which its manifest names; get a whole copy of it.`,
  );
}

export function otherFile(path: ManifestFile['path'], how: string): WeightsealError {
  return new WeightsealError(
    'MEMBER_TAMPERED',
    `${shown(path)} is not what was released: it ${how}. Get a sound copy of it.`,
  );
}

function extraFile(path: string): WeightsealError {
  return new WeightsealError(
    'MEMBER_EXTRA',
    `${shown(path)} lies in the bundle, and its manifest does not name it. Remove it, or allow it (--allow-extra; \`allowExtra\` in a program).`,
  );
}
