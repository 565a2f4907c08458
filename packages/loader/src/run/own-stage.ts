import { constants } from 'node:fs';
import { access, type FileHandle, open } from 'node:fs/promises';
import { findProgram, searchPath, WeightsealError } from '@weightseal/core';
import { MARKED } from '../descriptors.js';
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
import { unlessShort } from '../place/place-error.js';
import type { PrivateDirectory } from '../place/private-directory.js';
import { succeeds } from './prefix.js';
import type { Launch, Stage } from './stage.js';
import { startCommand } from './start.js';

/** The inode's first name. */
const INODE = '.inode';
/** The helper's descriptor of the inode: read-only, but not through the mount that is. */
const DESCRIPTOR = 8;

/**
 * $3 is the model's name, $4 whether its inode is to have none. A file cannot be mounted once it has lost its name, so it loses that afterwards: what is left
 * is a mount of an inode that no directory has, whose path every library can open, map and resolve, and that can only be read.
 */
const MAKE_INODE = `
readonly_at() { mount -n --bind "$1" "$2" && mount -n -o remount,bind,ro,nosuid,nodev,noexec "$2"; }
umask 077
: >"$2/$3" || exit 97
if [ "$4" = nameless ] && : >"$2/${INODE}" && exec ${DESCRIPTOR}<"$2/${INODE}" && readonly_at "$2/${INODE}" "$2/$3"; then
  rm "$2/${INODE}" || exit 96
  how="$how,nameless"
else
  exec ${DESCRIPTOR}<"$2/$3" || exit 96
  readonly_at "$2/$3" "$2/$3"
fi
`;

/** Told that we have the inode, it lets go of it; and keeps the namespace for the command to enter. */
const KEEP = `
exec ${DESCRIPTOR}<&-
read -r _ <&6
`;

/**
 * A tmpfs in a mount namespace that only the command and what it starts are in, and a helper that keeps it: no other user's process finds it, and the kernel frees it
 * with the last of them. Undefined where this machine does not allow it.
 *
 * @throws IO_ERROR where it does, and the process lacks something (descriptors, processes, room for its environment)
 */
export async function ownStage(launch: Launch): Promise<Stage | undefined> {
  const mountPoint = await emptyDirectory();
  if (!mountPoint) return undefined;
  let helper: Helper | undefined;
  try {
    const asked = Promise.all([findPrograms(), searchPath()]);
    // It fails where the helper does too, if at all; nobody listens to it then.
    asked.catch(() => {});
    helper = await startInNamespace(MOUNT_TMPFS + MAKE_INODE + TELL_AND_WAIT + KEEP, [
      limitFor(launch.bytes),
      mountPoint.path,
      launch.name,
      launch.nameless ? 'nameless' : 'named',
    ]);
    const [programs, path] = await asked;
    const enter = helper && (await entering(helper, programs));
    // Tried before the plaintext is there: a busybox cannot, and the system may allow one user namespace and no more.
    const tried = launch.prefix.with({ PATH: path });
    const enters = enter && (await succeeds([...enter, ...tried.words, 'true'], tried.environment));
    const inode = helper && enters && (await inodeOf(helper));
    if (helper && enter && inode) return stageIn(helper, { launch, mountPoint, enter, inode });
  } catch (error) {
    await leave(mountPoint, helper);
    throw error;
  }
  await leave(mountPoint, helper);
  return undefined;
}

async function leave(mountPoint: PrivateDirectory, helper: Helper | undefined): Promise<void> {
  helper?.child.kill('SIGKILL');
  await mountPoint[Symbol.asyncDispose]();
}

interface Made {
  readonly launch: Launch;
  readonly mountPoint: PrivateDirectory;
  readonly enter: readonly string[];
  readonly inode: Inode;
}

function stageIn(helper: Helper, { launch, mountPoint, enter, inode }: Made): Stage {
  const path = `${mountPoint.path}/${launch.name}`;
  helper.go.write('\n');
  let model: FileHandle | undefined;
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
      // So marked, the command's own descriptor is told from those that it opens.
      model = await open(`/proc/${helper.pid}/root${path}`, MARKED).catch(() => {
        throw helperGone();
      });
      inode.hold(model);
      return startCommand(launch, path, model, enter);
    },
    async [Symbol.asyncDispose]() {
      helper.go.end();
      await ended(helper.child, 0);
      await model?.close();
      await mountPoint[Symbol.asyncDispose]();
    },
  };
}

/** What `entering` is made of. */
function findPrograms(): Promise<(string | undefined)[]> {
  return Promise.all(['nsenter', 'unshare', 'env'].map((name) => findProgram(name)));
}

/** The programs that enter the helper's namespaces, with its root and working directory, which are ours there. */
async function entering(
  { pid, unprivileged }: Helper,
  [nsenter, unshare, env]: readonly (string | undefined)[],
): Promise<string[] | undefined> {
  if (nsenter === undefined || unshare === undefined) return undefined;
  const user = unprivileged ? ['-U', '--preserve-credentials'] : [];
  const readable = await access('.', constants.R_OK).then(
    () => true,
    () => false,
  );
  if (!readable && env === undefined) return undefined;
  // nsenter opens the directory, which takes the right to read it; to go there by its path takes none, and who may not read it is not in a chroot.
  const there = readable ? ['-r', '-w', '--'] : ['--', env!, `--chdir=${process.cwd()}`];
  const enter = [nsenter, '-t', String(pid), ...user, '-m', ...there];
  // Back to the user that the command would have been without a user namespace, and without the capabilities that mounting took.
  const back = [unshare, '--user', `--map-user=${process.geteuid?.()}`, `--map-group=${process.getegid?.()}`];
  return unprivileged ? [...enter, ...back, '--'] : enter;
}

/** Opened through the helper's descriptor; undefined where we may not look at it. */
async function inodeOf({ pid }: Helper): Promise<Inode | undefined> {
  const path = `/proc/${pid}/fd/${DESCRIPTOR}`;
  const handle = await open(path, constants.O_RDWR).catch(unlessShort);
  if (!handle) return undefined;
  const { kind } = await fileSystemOf(handle.fd);
  const stats = await handle.stat();
  const ours = stats.isFile() && stats.uid === process.geteuid?.() && (stats.mode & 0o077) === 0;
  if (kind === 'tmpfs' && ours) return Inode.of(handle);
  await handle.close();
  return undefined;
}

function helperGone(): WeightsealError {
  return new WeightsealError(
    'IO_ERROR',
    'The process that kept the place for the command has ended before the plaintext was there; try again.',
  );
}
