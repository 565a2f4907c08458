import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  ioError,
  isWeightsealError,
  MANIFEST_NAME,
  MAX_MANIFEST,
  type Manifest,
  parseManifest,
  throwIfAborted,
  WeightsealError,
} from '@weightseal/core';

/** So many neighbours are looked at. */
const MOST = 256;
const NOT_FOLLOWED = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Where on this machine a file lies that has this digest and length, by what the manifest there says. Undefined for none. */
export type FindLocal = (sha256: string, size: number) => string | undefined;

/**
 * @param given a bundle; where none is named, the one at the target, or beside it the one that the new release says it comes after
 * @throws MANIFEST_MISSING, MANIFEST_INVALID, IO_ERROR for one that was named, ABORTED
 */
export async function localFiles(
  given: string | undefined,
  target: string,
  { previous }: Pick<Manifest, 'previous'>,
  signal: AbortSignal | undefined,
): Promise<FindLocal> {
  if (given !== undefined) return await filesOf(given, await manifestIn(given, true));
  const there = await quietly(target);
  if (there) return there;
  const beside = previous === undefined ? undefined : await besideOf(target, previous, signal);
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

/** Only what is one's own, or the system's, is looked at: anybody may put things into a directory that is for all. */
async function besideOf(
  target: string,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly path: string; readonly bytes: Uint8Array } | undefined> {
  const above = dirname(target);
  const entries = await readdir(above, { withFileTypes: true }).catch(() => []);
  const directories = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  for (const { name } of directories.slice(0, MOST)) {
    throwIfAborted(signal);
    const path = join(above, name);
    if (!isOwn(await lstat(path).catch(() => undefined))) continue;
    const bytes = await ofDigest(join(path, MANIFEST_NAME), digest, signal);
    if (bytes) return { path, bytes };
  }
  return undefined;
}

/** Hashed piece by piece, and read whole only where it is the one. */
async function ofDigest(
  path: string,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const file = await open(path, NOT_FOLLOWED).catch(() => undefined);
  if (!file) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > MAX_MANIFEST || !isOwn(stats)) return undefined;
    const hash = createHash('sha256');
    for await (const piece of file.createReadStream({ start: 0, autoClose: false, signal }))
      hash.update(piece);
    if (hash.digest('hex') !== digest) return undefined;
    const bytes = new Uint8Array(stats.size);
    const { bytesRead } = await file.read(bytes, 0, stats.size, 0);
    return bytesRead === stats.size && sha256(bytes) === digest ? bytes : undefined;
  } catch {
    throwIfAborted(signal);
    return undefined;
  } finally {
    await file.close();
  }
}

function isOwn(stats: Stats | undefined): boolean {
  const uid = process.getuid?.();
  return stats !== undefined && (uid === undefined || stats.uid === uid || stats.uid === 0);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What was not named, and is no manifest, is of no use. */
async function quietly(directory: string): Promise<FindLocal | undefined> {
  try {
    const bytes = await manifestIn(directory, false);
    return bytes && (await filesOf(directory, bytes));
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
