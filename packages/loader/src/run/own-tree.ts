import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, chown, type FileHandle, open, rename } from 'node:fs/promises';
import type { Helper } from '../place/mount-namespace.js';
import { DESCRIPTOR, tmpfsAt } from '../place/own-tmpfs.js';
import { byDescriptor } from '../place/space.js';
import type { Owner } from '../plaintext.js';
import { Tree } from '../tree/tree.js';
import { type Content, helperGone, type Taken } from './own-stage.js';
import type { Launch } from './stage.js';

/** Where what lies under a writable layer is, and the layer; covered before the command begins. */
const LAYERS = '.layers';

/**
 * $5 is `read-only` or `writable`. The directory is mounted over itself, so that we can write to what the command finds read-only. A writable one is an overlay of it and a
 * layer in the same tmpfs, tried before there is plaintext; where the kernel allows none, its directories are writable themselves. Only in the first user namespace
 * may an overlay keep its notes in attributes that are for the system.
 */
const MAKE_TREE = `
umask 077
mkdir "$2/$3" || exit 97
at=$2 name=$3 exec=$4 notes=
read -r _ _ count </proc/self/uid_map
[ "$count" = 4294967295 ] || notes=,userxattr
layer() { (cd "$at/${LAYERS}" && mount -n -t overlay -o "lowerdir=tree,upperdir=upper,workdir=work,nosuid,nodev,$exec$1" weightseal "$at/$name") 2>/dev/null; }
over() { mount -n --bind "$1" "$2" && mount -n -o "remount,bind,$3,nosuid,nodev,$exec" "$2"; }
tree=$at/$name
if [ "$5" = writable ]; then
  cd "$at" && mkdir ${LAYERS} && (cd ${LAYERS} && mkdir tree upper work empty) && cd "$OLDPWD" || exit 97
  if { layer "$notes" || { notes=; layer; }; } && umount "$at/$name"; then
    how=$how,layered tree=$at/${LAYERS}/tree
    exec ${DESCRIPTOR}<"$tree" || exit 96
  else
    exec ${DESCRIPTOR}<"$tree" && over "$tree" "$tree" rw || exit 96
  fi
else
  exec ${DESCRIPTOR}<"$tree" && over "$tree" "$tree" ro || exit 96
fi
`;

/** Told that the tree is whole, it puts the layer above it, and says so; told then, it takes that away. */
const KEEP = `
exec ${DESCRIPTOR}<&-
read -r _ <&6 || exit 0
case $how in *,layered) layer "$notes" && over "$at/${LAYERS}/empty" "$at/${LAYERS}" ro && echo layered >&5 || exit 95 ;; esac
read -r _ <&6 || exit 0
umount -l "$at/$name"
echo gone >&5
read -r _ <&6
`;

/** A model that is a directory. */
export function ownTree({ name, exec, writable, owner }: Launch): Content<Tree> {
  return {
    script: MAKE_TREE,
    words: [writable ? 'writable' : 'read-only'],
    keep: KEEP,
    async take(helper, mountPoint) {
      const top = await tmpfsAt(`/proc/${helper.pid}/root${mountPoint}`);
      const inner = top && (await tmpfsAt(`/proc/${helper.pid}/fd/${DESCRIPTOR}`));
      if (!inner) {
        await top?.root.close();
        return undefined;
      }
      if (owner) await chmod(byDescriptor(top.root), 0o711);
      return take(helper, top.root, inner.root, { name, exec, writable, owner });
    },
  };
}

function take(
  helper: Helper,
  top: FileHandle,
  inner: FileHandle,
  { name, exec, writable, owner }: Pick<Launch, 'name' | 'exec' | 'writable' | 'owner'>,
): Taken<Tree> {
  const layered = helper.how.includes('layered');
  const seenThrough: bigint[] = [];
  const plaintext = new Tree({
    directory: byDescriptor(inner),
    inMemory: true,
    exec,
    writable,
    async hide() {
      if (seenThrough.length > 0) await helper.ask();
      else await rename(`${byDescriptor(top)}/${name}`, `${byDescriptor(top)}/${hidden()}`);
    },
    devices: () => seenThrough,
    close: () => inner.close(),
  });
  const warnings =
    writable && !layered
      ? [
          'this kernel allows no writable layer above the model (overlayfs), so its directories can be written to, and its files be replaced.',
        ]
      : [];
  return {
    plaintext,
    warnings,
    async open(path) {
      if (layered) {
        if (owner) await giveLayer(top, owner);
        if ((await helper.ask()) !== 'layered') throw helperGone();
      }
      const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
      if (layered) seenThrough.push((await handle.stat({ bigint: true })).dev);
      return handle;
    },
    close: () => top.close(),
  };
}

function giveLayer(top: FileHandle, { uid, gid }: Owner): Promise<void> {
  return chown(`${byDescriptor(top)}/${LAYERS}/upper`, uid, gid);
}

function hidden(): string {
  return `.${randomBytes(8).toString('hex')}`;
}
