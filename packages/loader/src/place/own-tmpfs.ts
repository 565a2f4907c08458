import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Inode } from '../inode.js';
import { fileSystemOf } from '../machine/file-system.js';
import type { Need } from '../need.js';
import type { Plaintext } from '../plaintext.js';
import { ended, type Helper, MOUNT_TMPFS, startInNamespace, TELL_AND_WAIT } from './mount-namespace.js';
import { unlessShort } from './place-error.js';
import { byDescriptor, fileIn, furnish, type Ground, type Make, type Space } from './space.js';

/** Huge pages are whole or not at all, and directories take a little. */
const SLACK = 4 * 1_048_576;
/** What the kernel gives the smallest machine; more has to be asked for. */
const USUAL_INODES = 10_000;
/** The helper has nothing left to do when it is told to go. */
const PATIENCE_MS = 1_000;
/** Something to mount over, in a namespace where nobody looks for it. */
const OVER = ['/mnt', '/media', '/run', '/tmp'];
/** The helper's descriptor of what can be written to, where what is mounted over it cannot. */
export const DESCRIPTOR = 8;

/** The options of a tmpfs for so much plaintext, and `room` besides for what a command writes. */
export function optionsFor({ bytes, files = 1 }: Need, exec = false, room = 0): string {
  const size = Math.ceil((bytes + room + SLACK) / SLACK) * SLACK;
  const inodes = files > USUAL_INODES ? [`nr_inodes=${2 * files + USUAL_INODES}`] : [];
  return [exec ? 'exec' : 'noexec', `size=${size}`, ...inodes].join(',');
}

/**
 * A tmpfs that is in no namespace at all: it is mounted in one of a helper, we keep its root open, and the helper ends. It can be reached by our descriptor only,
 * and the kernel frees it when that is closed, also after kill -9. Undefined where this machine does not allow it.
 */
export async function mountOwn(bytes: number, nameless: boolean): Promise<Space<Inode> | undefined> {
  const mounted = await mounting(MOUNT_TMPFS + TELL_AND_WAIT, [optionsFor({ bytes })], rootOf);
  return mounted && furnish(groundAt(mounted.root, mounted, nameless), fileIn);
}

/** A second mount of the same root, that can only be read; $3 is whether it can be executed from. */
const READ_ONLY_ABOVE = `
exec ${DESCRIPTOR}<"$2" && mount -n --bind "$2" "$2" && mount -n -o "remount,bind,ro,nosuid,nodev,$3" "$2" || exit 96
`;

/** The same, for what is reached by a mount of it that can only be read, and made through one that can be written to. Both are in no namespace. */
export async function mountOwnReadOnly<P extends Plaintext>(
  need: Need,
  exec: boolean,
  make: Make<P>,
): Promise<Space<P> | undefined> {
  const args = [optionsFor(need, exec), exec ? 'exec' : 'noexec'];
  const mounted = await mounting(
    MOUNT_TMPFS + READ_ONLY_ABOVE + TELL_AND_WAIT,
    args,
    async (helper, over) => {
      const inner = await tmpfsAt(`/proc/${helper.pid}/fd/${DESCRIPTOR}`);
      const root = inner && (await rootOf(helper, over));
      if (!root) await inner?.root.close();
      return root && { ...root, inner: inner.root };
    },
  );
  if (!mounted) return undefined;
  const { root, inner } = mounted;
  const outside = byDescriptor(root);
  const ground = groundAt(inner, mounted, false);
  return furnish(
    {
      ...ground,
      pathOf: (name: string) => `${outside}/${name}`,
      async [Symbol.asyncDispose]() {
        await root.close();
        await ground[Symbol.asyncDispose]();
      },
    },
    make,
  );
}

interface Rooted {
  readonly root: FileHandle;
}

async function mounting<T extends Rooted>(
  script: string,
  [options = '', ...args]: readonly string[],
  look: (helper: Helper, over: string) => Promise<T | undefined>,
): Promise<(T & { readonly how: string }) | undefined> {
  const over = await firstDirectory();
  if (over === undefined) return undefined;
  const helper = await startInNamespace(script, [options, over, ...args]);
  if (!helper) return undefined;
  const found = await look(helper, over).finally(() => {
    helper.go.end('\n');
    return ended(helper.child, PATIENCE_MS);
  });
  return found && { ...found, how: helper.how };
}

function groundAt(handle: FileHandle, { how }: { readonly how: string }, nameless: boolean): Ground {
  const directory = byDescriptor(handle);
  return {
    kind: 'own-tmpfs',
    nameless,
    noswap: how.includes('noswap'),
    directory,
    pathOf: (name: string) => `${directory}/${name}`,
    // All of it goes with the mount.
    left: () => [],
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

/** The root of what a helper mounted. Undefined where we may not look into its namespace. */
function rootOf({ pid }: Helper, mountPoint: string): Promise<Rooted | undefined> {
  return tmpfsAt(`/proc/${pid}/root${mountPoint}`);
}

/** A directory of a tmpfs, by a path into a helper's namespace. */
export async function tmpfsAt(path: string): Promise<Rooted | undefined> {
  const root = await open(path, constants.O_RDONLY | constants.O_DIRECTORY).catch(unlessShort);
  if (!root) return undefined;
  // The directory underneath, were the mount not there, would be a disk's.
  const { kind } = await fileSystemOf(root.fd).catch(() => ({ kind: 'other' }));
  if (kind === 'tmpfs') return { root };
  await root.close();
  return undefined;
}

async function firstDirectory(): Promise<string | undefined> {
  for (const path of OVER) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) return path;
  }
  return undefined;
}
