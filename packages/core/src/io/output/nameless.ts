import { constants, type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { findProgram } from '../find-program.js';
import type { Directory } from './directory.js';
import { durableFlags } from './durable.js';

// Files without a name: docs/decisions/0004-nameless-outputs.md.

/** open(2): an inode without a name, which the kernel frees when its last descriptor is closed, also after kill -9. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** The inode and its directory, as a child has them: by its own descriptors, which no other process can take for others. */
const [INODE_FD, DIRECTORY_FD] = [3, 4];
const INODE = `/proc/self/fd/${INODE_FD}`;
const DIRECTORY = `/proc/self/fd/${DIRECTORY_FD}`;
/** Links the inode $4 to the name $5, which then goes over $6. A child does both, so that our own death between them strands nothing. */
const LINK_AND_REPLACE = '"$1" -L -T -- "$4" "$5" && "$2" -f -T -- "$5" "$6" || { "$3" -f -- "$5"; exit 1; }';

/** Resolves to whether the command exited with 0; false also where none can be started. */
async function run(
  command: string,
  args: readonly string[],
  descriptors: readonly number[],
): Promise<boolean> {
  // Loaded only here: most processes of a library's user have no other need of it, and it takes a while.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const stdio = ['ignore', 'ignore', 'ignore', ...descriptors] as const;
  try {
    // What it starts is named by its whole path.
    const child = spawn(command, args, { stdio: [...stdio], env: { PATH: '/usr/bin:/bin' } });
    return await new Promise((resolve) => {
      child.once('error', () => resolve(false));
      child.once('exit', (code) => resolve(code === 0));
    });
  } catch {
    // Node's permission model, or a system that gives no descriptors.
    return false;
  }
}

/** An inode in a directory, before it has a name. */
export interface Nameless {
  readonly handle: FileHandle;
  /** The `ln` that will name it. */
  readonly ln: string;
}

/** The `ln` of coreutils, or nothing: busybox has one without -L. */
async function findLn(): Promise<string | undefined> {
  const { permission } = process;
  if (permission && !permission.has('child')) return undefined;
  const ln = await findProgram('ln');
  return ln && !['busybox', 'toybox'].includes(basename(await realpath(ln))) ? ln : undefined;
}

/** An inode in the directory that has no name yet; undefined where there can be none, or where it could not be named later. */
export async function openNameless(directory: Directory, mode: number): Promise<Nameless | undefined> {
  const ln = directory.fd === undefined ? undefined : await findLn();
  if (ln === undefined) return undefined;
  try {
    return { ln, handle: await open(directory.path, O_TMPFILE | constants.O_RDWR | durableFlags(), mode) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Node's name for EOPNOTSUPP is ENOTSUP: the two are one number on Linux.
    if (['ENOTSUP', 'EISDIR', 'EINVAL'].includes(code ?? '')) return undefined;
    throw error;
  }
}

/**
 * Gives the inode a name in its directory: `name` itself, which must not exist, or `temporary` first and then, in place of what is there, `name`. Only linkat(2)
 * with AT_SYMLINK_FOLLOW can, and Node does not offer it: `ln -L` does. Resolves to whether it worked.
 */
export async function nameInode(
  { ln, handle }: Nameless,
  directory: Directory,
  name: string,
  temporary: string | undefined,
): Promise<boolean> {
  const descriptors = [handle.fd, directory.fd!];
  const target = `${DIRECTORY}/${name}`;
  let done: boolean;
  if (temporary === undefined) {
    done = await run(ln, ['-L', '-T', '--', INODE, target], descriptors);
  } else {
    const [mv, rm] = await Promise.all([findProgram('mv'), findProgram('rm')]);
    if (!mv || !rm) return false;
    const args = [ln, mv, rm, INODE, `${DIRECTORY}/${temporary}`, target];
    done = await run('/bin/sh', ['-c', LINK_AND_REPLACE, 'sh', ...args], descriptors);
  }
  if (!done) return false;
  const [named, own] = await Promise.all([
    lstat(directory.at(name), { bigint: true }).catch(() => undefined),
    handle.stat({ bigint: true }),
  ]);
  return named?.ino === own.ino && named.dev === own.dev;
}
