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

/** PATH for a program that we start ourselves, and that starts others by their names: the directories to which only root and we can write. */
export async function searchPath(): Promise<string> {
  const safe: string[] = [];
  for (const entry of new Set([...absoluteEntries(), ...USUAL]))
    if (USUAL.includes(entry) || (await isOnlyOurs(entry))) safe.push(entry);
  return safe.join(':');
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
    if (USUAL.includes(entry) || (await isOnlyOurs(path))) return path;
  }
  return undefined;
}

function isOnlyOurs(path: string): Promise<boolean> {
  return follow(path).catch(() => false);
}

/** Goes the way of the kernel, name by name and link by link: each of them could be another user's, and lead elsewhere a moment later. */
async function follow(path: string): Promise<boolean> {
  const root = await lstat('/');
  const rest = path.split('/');
  let [at, found, directory] = ['', root, root];
  for (let links = 0; links <= MAX_LINKS; ) {
    const name = rest.shift();
    if (name === undefined) return isClosed(found) && (found.isDirectory() || isClosed(directory));
    if (name === '' || name === '.') continue;
    directory = found;
    // Up is where the way began, or a link has led: those have been looked at.
    const next = name === '..' ? at.slice(0, at.lastIndexOf('/')) : `${at}/${name}`;
    found = await lstat(next || '/');
    // Its links can lead to the working directory, and to another one in each process.
    if (next === '/proc') return false;
    if (found.isSymbolicLink()) {
      if (!isClosed(directory)) return false;
      const target = await readlink(next);
      rest.unshift(...target.split('/'));
      [at, found] = target.startsWith('/') ? ['', root] : [at, directory];
      links++;
      continue;
    }
    // With the sticky bit others cannot rename a directory that is not theirs.
    const sticky = isTrusted(directory) && (directory.mode & STICKY) !== 0 && isTrusted(found);
    if (found.isDirectory() && name !== '..' && !isClosed(directory) && !sticky) return false;
    at = next;
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
