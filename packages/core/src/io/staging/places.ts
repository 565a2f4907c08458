import { lstat, readdir, readlink, realpath, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { stateDirectory } from '../state-directory.js';
import { isStaging } from './names.js';

// Where plaintext is being written, for a sweep that is told no directory: in the user's own state directory a link for each staging directory, by its name. What cannot be remembered is found
// where it is.
const PLACES = 'outputs';

/**
 * Called when the directory is there, so that what is not there any more can be forgotten.
 *
 * @param above as this process reaches it
 */
export async function rememberPlace(above: string, name: string): Promise<void> {
  try {
    const directory = await stateDirectory(PLACES);
    if (directory === undefined) return;
    for (const path of await rememberedPlaces())
      if (!(await lstat(path).catch(() => undefined))) await forgetPlace(path);
    await symlink(join(await realpath(above), name), join(directory, name));
  } catch {
    // No right to make links, or a directory that cannot be reached from the root.
  }
}

export async function forgetPlace(path: string): Promise<void> {
  const directory = await stateDirectory(PLACES);
  if (directory !== undefined) await rm(join(directory, basename(path)), { force: true }).catch(() => {});
}

/** The staging directories that were begun, and that nobody has removed since as far as is known here. */
export async function rememberedPlaces(): Promise<string[]> {
  const directory = await stateDirectory(PLACES);
  if (directory === undefined) return [];
  const names = (await readdir(directory).catch(() => [])).filter(isStaging);
  const paths = await Promise.all(names.map((name) => readlink(join(directory, name)).catch(() => '')));
  return paths.filter((path, index) => path.startsWith('/') && basename(path) === names[index]);
}
