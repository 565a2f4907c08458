import { lstat, realpath, stat } from 'node:fs/promises';
import type { Place } from './place.js';

/** Why what lies there on a disk was not looked into, though it leads somewhere: a link to a directory that no listing follows, a device, a pipe. Undefined for a file, and for a link that leads to nothing, or into what is audited. */
export async function unfollowed(place: Place, path: string): Promise<string | undefined> {
  const at = place.at(path);
  if (typeof at !== 'string') return undefined;
  try {
    const own = await lstat(at);
    const led = own.isSymbolicLink() ? await stat(at) : own;
    if (led.isFile()) return undefined;
    if (!led.isDirectory()) return 'It is a device, a pipe or a socket: what comes out of it was not seen.';
    if (isWithin(await realpath(at), await realpath(place.name))) return undefined;
    return 'It is a link to a directory elsewhere, which was not followed. Audit that one too.';
  } catch (error) {
    const { code = 'no reason' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? undefined : `What it is could not be seen (${code}).`;
  }
}

function isWithin(path: string, root: string): boolean {
  return path === root || path.startsWith(root === '/' ? '/' : `${root}/`);
}
