import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileSystemOf } from '../machine/file-system.js';
import { ended, type Helper, MOUNT_TMPFS, startInNamespace, TELL_AND_WAIT } from './mount-namespace.js';
import { unlessShort } from './place-error.js';
import { byDescriptor, furnish, type Space } from './space.js';

/** Huge pages are whole or not at all, and directories take a little. */
const SLACK = 4 * 1_048_576;
/** The helper has nothing left to do when it is told to go. */
const PATIENCE_MS = 1_000;
/** Something to mount over, in a namespace where nobody looks for it. */
const OVER = ['/mnt', '/media', '/run', '/tmp'];

/** The size limit of a tmpfs for so much plaintext. */
export function limitFor(bytes: number): string {
  return String(Math.ceil((bytes + SLACK) / SLACK) * SLACK);
}

/**
 * A tmpfs that is in no namespace at all: it is mounted in one of a helper, we keep its root open, and the helper ends. It can be reached by our descriptor only,
 * and the kernel frees it when that is closed, also after kill -9. Undefined where this machine does not allow it.
 */
export async function mountOwn(bytes: number, nameless: boolean): Promise<Space | undefined> {
  const over = await firstDirectory();
  if (over === undefined) return undefined;
  const helper = await startInNamespace(MOUNT_TMPFS + TELL_AND_WAIT, [limitFor(bytes), over]);
  if (!helper) return undefined;
  const handle = await rootOf(helper, over).finally(() => {
    helper.go.end('\n');
    return ended(helper.child, PATIENCE_MS);
  });
  if (!handle) return undefined;
  const directory = byDescriptor(handle);
  const space = {
    kind: 'own-tmpfs',
    nameless,
    noswap: helper.how.includes('noswap'),
    directory,
    pathOf: (name: string) => `${directory}/${name}`,
    // All of it goes with the mount.
    left: () => [],
    [Symbol.asyncDispose]: () => handle.close(),
  } as const;
  return furnish(space);
}

/** The root of what a helper mounted. Undefined where we may not look into its namespace. */
async function rootOf({ pid }: Helper, mountPoint: string): Promise<FileHandle | undefined> {
  const path = `/proc/${pid}/root${mountPoint}`;
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY).catch(unlessShort);
  if (!handle) return undefined;
  // The directory underneath, were the mount not there, would be a disk's.
  const { kind } = await fileSystemOf(handle.fd).catch(() => ({ kind: 'other' }));
  if (kind === 'tmpfs') return handle;
  await handle.close();
  return undefined;
}

async function firstDirectory(): Promise<string | undefined> {
  for (const path of OVER) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) return path;
  }
  return undefined;
}
