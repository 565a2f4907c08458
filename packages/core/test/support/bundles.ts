import { cp, lstat, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ForgedBundle } from './forge-bundle.js';

/** Writes files by name, with the directories that they are in. */
export async function writeTree(
  directory: string,
  files: Iterable<readonly [string, Uint8Array | string]>,
): Promise<string> {
  for (const [name, bytes] of files) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), bytes);
  }
  return directory;
}

export async function writeBundle(directory: string, { files }: ForgedBundle): Promise<string> {
  return await writeTree(directory, files);
}

/** All that is in a directory: of each path what it is. */
export async function treeOf(directory: string): Promise<Record<string, string>> {
  const names = await readdir(directory, { recursive: true });
  const entries = await Promise.all(
    names.toSorted().map(async (name): Promise<[string, string]> => {
      const stat = await lstat(join(directory, name));
      if (stat.isDirectory()) return [name, 'directory'];
      if (stat.isSymbolicLink()) return [name, `-> ${await readlink(join(directory, name))}`];
      const program = (stat.mode & 0o100) !== 0 ? 'program ' : '';
      return [name, `${program}${(await readFile(join(directory, name))).toString('base64')}`];
    }),
  );
  return Object.fromEntries(entries);
}

export async function copyOf(directory: string, to: string): Promise<string> {
  await cp(directory, to, { recursive: true, verbatimSymlinks: true });
  return to;
}
