import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** The paths of all files in a directory, below it. */
export async function everyFile(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found
    .filter((one) => one.isFile())
    .map((one) => relative(directory, join(one.parentPath, one.name)));
}
