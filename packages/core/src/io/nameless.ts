import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { basename, delimiter, join, resolve } from 'node:path';

// Files without a name: docs/decisions/0004-nameless-outputs.md.

/** open(2): an inode without a name, which the kernel frees when its last descriptor is closed, also after kill -9. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** Rejects unless the command exits with 0. */
function run(command: string, args: readonly string[]): Promise<void> {
  // Loaded only here: most processes of a library's user have no other need of it, and it takes a while.
  const { spawn } = process.getBuiltinModule('node:child_process');
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'ignore', env: {} });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} exited with ${code}`)),
    );
  });
}

/** The `ln` of coreutils, or nothing: busybox has one without -L. */
async function findLn(): Promise<string> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = await realpath(join(directory, 'ln')).catch(() => undefined);
    if (found) return ['busybox', 'toybox'].includes(basename(found)) ? '' : found;
  }
  return '';
}

/** An inode in the directory that has no name yet; undefined where there can be none, or where it could not be named later. */
export async function openNameless(directory: string, mode: number): Promise<FileHandle | undefined> {
  if (process.platform !== 'linux' || (await findLn()) === '') return undefined;
  try {
    return await open(directory, O_TMPFILE | constants.O_RDWR, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (['EOPNOTSUPP', 'EISDIR', 'EINVAL'].includes(code ?? '')) return undefined;
    throw error;
  }
}

/** Gives the inode behind an open descriptor a name. Only linkat(2) with AT_SYMLINK_FOLLOW can, and Node does not offer it: `ln -L` does. */
export async function linkNameless(fd: number, name: string): Promise<void> {
  await run(await findLn(), ['-L', '-T', '--', `/proc/${process.pid}/fd/${fd}`, resolve(name)]);
}
