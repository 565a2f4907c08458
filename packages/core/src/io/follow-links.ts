import { lstat, readlink, realpath } from 'node:fs/promises';
import { divide } from './output/directory.js';

/** As many as Linux follows. */
const MOST_LINKS = 40;

/**
 * The path of what the links at the end of a path lead to: what is to be locked, or replaced, is the file and not the link. From the root, so that a link on the way can change meanwhile; but where a
 * directory above the working directory may not be searched, or the whole would be too long, from where the path begins, as the kernel follows it.
 *
 * @throws what the system says, as Node puts it
 * @hidden
 */
export async function followLinks(path: string): Promise<string> {
  return await realpath(path).catch(() => followLast(path));
}

async function followLast(path: string): Promise<string> {
  let at = path;
  for (let left = MOST_LINKS; left > 0; left--) {
    if (!(await lstat(at)).isSymbolicLink()) return at;
    const link = await readlink(at);
    // Never joined: `..` after a link is for the kernel to understand.
    at = link.startsWith('/') ? link : `${divide(at).before}${link}`;
  }
  throw Object.assign(new Error(`ELOOP: too many symbolic links encountered, open '${path}'`), {
    code: 'ELOOP',
  });
}
