import { constants } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { basename, delimiter, join, resolve } from 'node:path';

// Files without a name: docs/decisions/0004-nameless-outputs.md.

/** open(2): an inode without a name, which the kernel frees when its last descriptor is closed, also after kill -9. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** $1 links the inode $2 to the name $3, which then goes over $4. A child does both, so that our own death between them strands nothing. */
const LINK_AND_REPLACE = '"$1" -L -T -- "$2" "$3" && mv -f -T -- "$3" "$4" || { rm -f -- "$3"; exit 1; }';

/** Resolves to whether the command exited with 0. */
function run(command: string, args: readonly string[]): Promise<boolean> {
  // Loaded only here: most processes of a library's user have no other need of it, and it takes a while.
  const { spawn } = process.getBuiltinModule('node:child_process');
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore', env: { PATH: process.env['PATH'] } });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

/** Where the `ln` of coreutils is, or nothing: busybox has one without -L. Called by its own name, since it may be one program with many. */
async function findLn(): Promise<string | undefined> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = await realpath(join(directory, 'ln')).catch(() => undefined);
    if (found) return ['busybox', 'toybox'].includes(basename(found)) ? undefined : resolve(directory, 'ln');
  }
  return undefined;
}

/** An inode in the directory that has no name yet; undefined where there can be none, or where it could not be named later. */
export async function openNameless(directory: string, mode: number): Promise<FileHandle | undefined> {
  if (process.platform !== 'linux' || !(await findLn())) return undefined;
  try {
    return await open(directory, O_TMPFILE | constants.O_RDWR, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Node's name for EOPNOTSUPP is ENOTSUP: the two are one number on Linux.
    if (['ENOTSUP', 'EISDIR', 'EINVAL'].includes(code ?? '')) return undefined;
    throw error;
  }
}

/**
 * Gives the inode behind a descriptor a name: `path` itself, which must not exist, or `temporary` first and then, in place of what
 * is there, `path`. Only linkat(2) with AT_SYMLINK_FOLLOW can, and Node does not offer it: `ln -L` does. Resolves to whether it worked.
 */
export async function nameInode(
  handle: FileHandle,
  path: string,
  temporary: string | undefined,
): Promise<boolean> {
  const ln = await findLn();
  if (!ln) return false;
  const inode = `/proc/${process.pid}/fd/${handle.fd}`;
  const done = temporary
    ? await run('/bin/sh', ['-c', LINK_AND_REPLACE, 'sh', ln, inode, resolve(temporary), resolve(path)])
    : await run(ln, ['-L', '-T', '--', inode, resolve(path)]);
  if (!done) return false;
  const [named, own] = await Promise.all([
    lstat(path, { bigint: true }).catch(() => undefined),
    handle.stat({ bigint: true }),
  ]);
  return named?.ino === own.ino && named.dev === own.dev;
}
