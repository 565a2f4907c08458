import { lstat, realpath } from 'node:fs/promises';
import { Directory } from '../io/output/directory.js';

// The cache of huggingface_hub: `models--x/snapshots/<revision>` holds links to `models--x/blobs/<hash>`.

const SNAPSHOT = /^(.*\/(?:models|datasets|spaces)--[^/]+)\/snapshots\/[^/]+$/;

/**
 * The directory of the blobs of the repository of which this directory is a snapshot, if it is one. By way of its descriptor, and through no link, whatever becomes of its path.
 * @hidden
 */
export async function blobsBeside(snapshot: Directory): Promise<Directory | undefined> {
  if (!SNAPSHOT.test(await realpath(snapshot.path).catch(() => ''))) return undefined;
  const path = snapshot.at('../../blobs');
  try {
    return (await lstat(path)).isDirectory() ? await Directory.open(path, true) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a file is one of the blobs of the repository of which the directory is a snapshot, by their real paths. */
export function isBlobOf(directory: string, file: string): boolean {
  const [, repository] = SNAPSHOT.exec(directory) ?? [];
  if (repository === undefined || !file.startsWith(`${repository}/blobs/`)) return false;
  return !file.slice(`${repository}/blobs/`.length).includes('/');
}
