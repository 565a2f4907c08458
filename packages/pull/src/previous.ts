import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  ioError,
  isWeightsealError,
  MANIFEST_NAME,
  type Manifest,
  parseManifest,
  WeightsealError,
} from '@weightseal/core';

/** §27.2 of FORMAT.md: the most bytes that a manifest may have. */
const MAX_MANIFEST = 268_435_456;
/** So many neighbours are looked at. */
const MOST = 256;

/** Where on this machine a file lies that has this digest and length, by what the manifest there says. Undefined for none. */
export type FindLocal = (sha256: string, size: number) => string | undefined;

/**
 * @param given a bundle; where none is named, the one at the target, or beside it the one that the new release says it comes after
 * @throws MANIFEST_MISSING, MANIFEST_INVALID, IO_ERROR for one that was named
 */
export async function localFiles(
  given: string | undefined,
  target: string,
  { previous }: Pick<Manifest, 'previous'>,
): Promise<FindLocal> {
  if (given !== undefined) return await filesOf(given, await manifestIn(given, true));
  const there = await quietly(target);
  if (there) return await filesOf(target, there);
  const beside = previous === undefined ? undefined : await besideOf(target, previous);
  return beside ? await filesOf(beside.path, beside.bytes) : () => undefined;
}

async function filesOf(directory: string, bytes: Uint8Array | undefined): Promise<FindLocal> {
  const { files, kind } = await parseManifest(bytes!);
  const paths = new Map(files.map(({ path, size, sha256 }) => [`${sha256} ${size}`, path]));
  return (sha256, size) => {
    const path = kind === 'bundle' ? paths.get(`${sha256} ${size}`) : undefined;
    return path === undefined ? undefined : join(directory, path);
  };
}

async function besideOf(
  target: string,
  digest: string,
): Promise<{ readonly path: string; readonly bytes: Uint8Array } | undefined> {
  const above = dirname(target);
  const entries = await readdir(above, { withFileTypes: true }).catch(() => []);
  const directories = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  for (const { name } of directories.slice(0, MOST)) {
    const path = join(above, name);
    const bytes = await quietly(path);
    if (bytes && createHash('sha256').update(bytes).digest('hex') === digest) return { path, bytes };
  }
  return undefined;
}

/** What was not named, and is no manifest, is of no use. */
async function quietly(directory: string): Promise<Uint8Array | undefined> {
  try {
    const bytes = await manifestIn(directory, false);
    if (bytes) await parseManifest(bytes);
    return bytes;
  } catch (error) {
    if (isWeightsealError(error)) return undefined;
    throw error;
  }
}

async function manifestIn(directory: string, named: boolean): Promise<Uint8Array | undefined> {
  const path = join(directory, MANIFEST_NAME);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || found.size > MAX_MANIFEST) {
    if (!named) return undefined;
    throw new WeightsealError(
      'MANIFEST_MISSING',
      `${directory} has no manifest (${MANIFEST_NAME}), so that nobody knows what of it is the same. Name a bundle that has one, or none.`,
    );
  }
  return await readFile(path).catch((error: unknown) => {
    throw ioError(error, `read ${path}`);
  });
}
