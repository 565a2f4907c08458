import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { WeightsealError } from '@weightseal/core';
import { Inode } from '../inode.js';
import { fileSystemOf } from '../machine/file-system.js';
import { emptyDirectory } from '../place/existing.js';
import {
  ended,
  type Helper,
  MOUNT_TMPFS,
  startInNamespace,
  TELL_AND_WAIT,
} from '../place/mount-namespace.js';
import { limitFor } from '../place/own-tmpfs.js';
import { type Launch, type Stage, WITHOUT_CORE_DUMPS } from './stage.js';

/** The inode's name, until it is whole. */
const INODE = '.inode';

/**
 * $3 is the model's name, $4 whether its inode is to have none. A file cannot be mounted once it has lost its name, so it loses that afterwards: what is left
 * is a mount of an inode that no directory has, whose path every library can open, map and resolve, and that can only be read.
 */
const MAKE_INODE = `
readonly_at() { mount -n --bind "$1" "$2" && mount -n -o remount,bind,ro,nosuid,nodev,noexec "$2"; }
mask=$(umask); umask 077
: >"$2/$3" || exit 97
if [ "$4" = nameless ] && : >"$2/${INODE}" && readonly_at "$2/${INODE}" "$2/$3"; then how="$how,nameless"; fi
umask "$mask"
`;

/** The lock (flock of util-linux) marks the command's descriptor: with it that is told from those that the command opens. */
const HAND_OVER = `
case $how in *nameless) rm "$2/${INODE}" ;; *) readonly_at "$2/$3" "$2/$3" ;; esac
exec 3<"$2/$3" 5>&- 6<&- 2>&7 7>&-
flock -s 3 2>/dev/null || :
[ "$5" = ready ] || exec 4>&-
shift 5
`;

/** Back to the user that the command would have been without a user namespace, and without the capabilities that mounting took. */
const asUser = () => `unshare --user --map-user=${process.geteuid?.()} --map-group=${process.getegid?.()} --`;

/** Tried before the plaintext is there: a busybox cannot, and the system may allow one user namespace and no more. */
const checkUser = (unprivileged: boolean) => (unprivileged ? `${asUser()} true || exit 96\n` : '');

const begin = (unprivileged: boolean) => (unprivileged ? `exec ${asUser()} "$@"` : 'exec "$@"');

/**
 * A tmpfs in a mount namespace that only the command and what it starts are in: no other process sees it, and the kernel frees it with the last of them.
 * Undefined where this machine does not allow it.
 */
export async function ownStage(launch: Launch): Promise<Stage | undefined> {
  const mountPoint = await emptyDirectory();
  if (!mountPoint) return undefined;
  const path = `${mountPoint.path}/${launch.name}`;
  const [input, output, errors, ready] = launch.stdio;
  const helper = await startInNamespace(
    (unprivileged) =>
      [
        checkUser(unprivileged),
        MOUNT_TMPFS,
        MAKE_INODE,
        TELL_AND_WAIT,
        HAND_OVER,
        WITHOUT_CORE_DUMPS,
        begin(unprivileged),
      ].join(''),
    [
      limitFor(launch.bytes),
      mountPoint.path,
      launch.name,
      launch.nameless ? 'nameless' : 'named',
      ready === 'ignore' ? 'no' : 'ready',
      ...launch.command(path),
    ],
    { env: launch.environment(path), stdio: [input, output, errors, 'ignore', ready] },
  );
  const inode = helper && (await inodeOf(helper, mountPoint.path, launch.name));
  if (!helper || !inode) {
    helper?.child.kill('SIGKILL');
    await mountPoint[Symbol.asyncDispose]();
    return undefined;
  }
  return {
    kind: 'own-tmpfs',
    noswap: helper.how.includes('noswap'),
    nameless: helper.how.includes('nameless'),
    inode,
    path,
    left: () => mountPoint.left,
    start: async () => {
      const { exitCode, signalCode } = helper.child;
      if (exitCode !== null || signalCode !== null) throw helperGone();
      helper.go.end('\n');
      return helper.child;
    },
    async [Symbol.asyncDispose]() {
      await ended(helper.child, 0);
      await mountPoint[Symbol.asyncDispose]();
    },
  };
}

/** Opened through the helper's view of the file system; undefined where we may not look into it. */
async function inodeOf({ pid, how }: Helper, directory: string, name: string): Promise<Inode | undefined> {
  const { O_NOFOLLOW, O_RDWR } = constants;
  const path = `/proc/${pid}/root${directory}/${how.includes('nameless') ? INODE : name}`;
  const handle = await open(path, O_RDWR | O_NOFOLLOW).catch(() => undefined);
  if (!handle) return undefined;
  const { kind } = await fileSystemOf(handle.fd);
  const { uid, mode } = await handle.stat();
  if (kind === 'tmpfs' && uid === process.geteuid?.() && (mode & 0o077) === 0) return Inode.of(handle);
  await handle.close();
  return undefined;
}

function helperGone(): WeightsealError {
  return new WeightsealError(
    'IO_ERROR',
    'The process that waited to become the command has ended before the plaintext was there; try again.',
  );
}
