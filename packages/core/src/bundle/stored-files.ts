import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { ioError, throwIfAborted } from '../errors.js';
import { isReleaseDocument, isReserved, MAX_DEPTH } from '../format/path.js';
import { blobOf } from '../io/below/rules.js';
import type { Directory } from '../io/output/directory.js';
import type { StoredFile } from './storage.js';

interface Found {
  readonly path: string;
  /** Where it is, in bytes: a name need not be UTF-8. */
  readonly at: Buffer;
}

/** Node's promises have four threads below them; more at once only waits there. */
const LOOKS = 32;

/**
 * What stands in a bundle besides envelope and table: names and sizes, with nothing opened. Of a hub's link to a blob, the size of that.
 *
 * @param documents whether those of its release are told too
 * @throws IO_ERROR, ABORTED
 */
export async function storedFiles(
  root: Directory,
  signal: AbortSignal | undefined,
  documents = false,
): Promise<StoredFile[]> {
  try {
    const found: Found[] = [];
    const isLeftOut = (path: string) => isReserved(path) && !(documents && isReleaseDocument(path));
    await find({ path: '', at: Buffer.from(root.path) }, 1, { files: found, isLeftOut }, signal);
    found.sort((a, b) => (a.path < b.path ? -1 : 1));
    return await sizesOf(found, signal);
  } catch (error) {
    throw ioError(error, 'read the directory of the bundle');
  }
}

async function find(
  directory: Found,
  depth: number,
  into: { readonly files: Found[]; readonly isLeftOut: (path: string) => boolean },
  signal: AbortSignal | undefined,
): Promise<void> {
  throwIfAborted(signal);
  for (const entry of await readdir(directory.at, { withFileTypes: true, encoding: 'buffer' })) {
    const path = `${directory.path}${directory.path && '/'}${entry.name}`;
    const found = { path, at: Buffer.concat([directory.at, Buffer.from('/'), entry.name]) };
    if (entry.isDirectory() && depth < MAX_DEPTH) await find(found, depth + 1, into, signal);
    else if (!entry.isDirectory() && !into.isLeftOut(path)) into.files.push(found);
  }
}

async function sizesOf(files: readonly Found[], signal: AbortSignal | undefined): Promise<StoredFile[]> {
  const stored: StoredFile[] = [];
  for (let from = 0; from < files.length; from += LOOKS) {
    throwIfAborted(signal);
    const some = files.slice(from, from + LOOKS);
    stored.push(...(await Promise.all(some.map(sizeOf))));
  }
  return stored;
}

async function sizeOf({ path, at }: Found): Promise<StoredFile> {
  const own = await lstat(at);
  const isOfHub = own.isSymbolicLink() && blobOf(await readlink(at), path) !== undefined;
  const { size } = isOfHub ? await stat(at).catch(() => own) : own;
  return { path, sealedSize: size };
}
