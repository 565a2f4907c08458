import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, mkdir, open, rename } from 'node:fs/promises';
import { placeError } from '../place/place-error.js';
import { byDescriptor, type Ground } from '../place/space.js';
import { Tree, type TreePlace } from './tree.js';

/** How the directory of a model is to be. */
export interface TreeOptions extends Pick<TreePlace, 'exec' | 'writable'> {
  /** Whether it is to be given to another user, who has to get there. */
  readonly shared?: boolean | undefined;
}

/** A tree of that name, in a directory that is a place. */
export async function treeIn(
  { directory, kind }: Ground,
  name: string,
  { shared = false, ...modes }: TreeOptions = {},
): Promise<Tree> {
  const path = `${directory}/${name}`;
  try {
    await mkdir(path, 0o700);
    // It can be passed through, and not looked into.
    if (shared) await chmod(directory, 0o711);
    const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
    // Elsewhere than on Linux there is no path that leads to just this directory.
    const handle =
      process.platform === 'linux' ? await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) : undefined;
    return new Tree({
      ...modes,
      directory: handle ? byDescriptor(handle) : path,
      inMemory: kind !== 'disk',
      hide: () => rename(path, `${directory}/.${randomBytes(8).toString('hex')}`),
      close: async () => handle?.close(),
    });
  } catch (error) {
    throw placeError(error, 'make a directory in memory');
  }
}
