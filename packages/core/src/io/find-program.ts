import type { Stats } from 'node:fs';
import { lstat, readlink, stat } from 'node:fs/promises';

/** Looked at last, and trusted as they are: in a user namespace their owner may show as nobody. */
const USUAL = ['/usr/bin', '/bin'];
/** As many as the kernel follows. */
const MAX_LINKS = 40;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
const EXECUTE = 0o111;

/** The absolute entries of PATH. What is relative or empty means the working directory, where a stranger's model may lie. */
function absoluteEntries(): string[] {
  return (process.env['PATH'] ?? '').split(':').filter((entry) => entry.startsWith('/'));
}

/** PATH for a program that we start ourselves. */
export function safePath(): string {
  return [...new Set([...absoluteEntries(), ...USUAL])].join(':');
}

/**
 * Where a program is that we start ourselves, under the name that it is to be called by: some are one file with many names. An entry of PATH counts only where
 * nobody but root and us can write to what is found there, or put something else in its place.
 */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const entry of [...absoluteEntries(), ...USUAL]) {
    const path = `${entry}/${name}`;
    // Following it by ourselves is dear, and in most entries there is none.
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile() || (found.mode & EXECUTE) === 0) continue;
    if (USUAL.includes(entry) || (await isOnlyOurs(path).catch(() => false))) return path;
  }
  return undefined;
}

/** Goes the way of the kernel, name by name and link by link: each of them could be another user's, and lead elsewhere a moment later. */
async function isOnlyOurs(path: string): Promise<boolean> {
  let at = '';
  let directory = await lstat('/');
  const rest = path.split('/');
  for (let links = 0; links <= MAX_LINKS; ) {
    const name = rest.shift();
    if (name === undefined) return false;
    if (name === '' || name === '.') continue;
    // Up is where the way began, or a link has led: those have been looked at.
    const next = name === '..' ? at.slice(0, at.lastIndexOf('/')) : `${at}/${name}`;
    const found = await lstat(next || '/');
    if (found.isSymbolicLink()) {
      if (!isClosed(directory)) return false;
      const target = await readlink(next);
      if (target.startsWith('/')) [at, directory] = ['', await lstat('/')];
      rest.unshift(...target.split('/'));
      links++;
    } else if (found.isDirectory()) {
      // With the sticky bit others cannot rename a directory that is not theirs.
      const sticky = isTrusted(directory) && (directory.mode & STICKY) !== 0 && isTrusted(found);
      if (name !== '..' && !isClosed(directory) && !sticky) return false;
      [at, directory] = [next, found];
    } else {
      return isClosed(directory) && isClosed(found);
    }
  }
  return false;
}

function isTrusted({ uid }: Stats): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

/** Whether nobody but root and us can write to it. */
function isClosed(found: Stats): boolean {
  return isTrusted(found) && (found.mode & OTHERS_WRITE) === 0;
}
