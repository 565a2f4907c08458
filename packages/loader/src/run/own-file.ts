import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { MARKED } from '../descriptors.js';
import { Inode } from '../inode.js';
import { fileSystemOf } from '../machine/file-system.js';
import type { Helper } from '../place/mount-namespace.js';
import { DESCRIPTOR } from '../place/own-tmpfs.js';
import { unlessShort } from '../place/place-error.js';
import type { Content } from './own-stage.js';

/** The inode's first name. */
const INODE = '.inode';

/**
 * $5 is whether the model's inode is to have no name. A file cannot be mounted once it has lost its name, so it loses that afterwards: what is left
 * is a mount of an inode that no directory has, whose path every library can open, map and resolve, and that can only be read.
 */
const MAKE_INODE = `
readonly_at() { mount -n --bind "$1" "$2" && mount -n -o "remount,bind,ro,nosuid,nodev,$3" "$2"; }
umask 077
: >"$2/$3" || exit 97
if [ "$5" = nameless ] && : >"$2/${INODE}" && exec ${DESCRIPTOR}<"$2/${INODE}" && readonly_at "$2/${INODE}" "$2/$3" "$4"; then
  rm "$2/${INODE}" || exit 96
  how="$how,nameless"
else
  exec ${DESCRIPTOR}<"$2/$3" || exit 96
  readonly_at "$2/$3" "$2/$3" "$4"
fi
`;

/** Told that we have the inode, it lets go of it; and keeps the namespace for the command to enter. */
const KEEP = `
exec ${DESCRIPTOR}<&-
read -r _ <&6
`;

/** A model that is one file. */
export function ownFile(nameless: boolean): Content<Inode> {
  return {
    script: MAKE_INODE,
    words: [nameless ? 'nameless' : 'named'],
    keep: KEEP,
    async take(helper) {
      const plaintext = await inodeOf(helper);
      // So marked, the command's own descriptor is told from those that it opens.
      return plaintext && { plaintext, open: (path: string) => open(path, MARKED) };
    },
  };
}

/** Opened through the helper's descriptor; undefined where we may not look at it. */
async function inodeOf({ pid }: Helper): Promise<Inode | undefined> {
  const handle: FileHandle | undefined = await open(`/proc/${pid}/fd/${DESCRIPTOR}`, constants.O_RDWR).catch(
    unlessShort,
  );
  if (!handle) return undefined;
  const { kind } = await fileSystemOf(handle.fd);
  const stats = await handle.stat();
  const ours = stats.isFile() && stats.uid === process.geteuid?.() && (stats.mode & 0o077) === 0;
  if (kind === 'tmpfs' && ours) return Inode.of(handle);
  await handle.close();
  return undefined;
}
