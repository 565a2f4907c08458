import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { type Dirent, lstatSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Plaintext in which every 4 KiB hold a marker that stands nowhere else. */
export function markedPlaintext(size: number): { plaintext: Buffer<ArrayBuffer>; marker: string } {
  // Text, so that grep can look for it as a fixed string.
  const marker = randomBytes(24).toString('base64url');
  const plaintext = randomBytes(size);
  for (let at = 0; at + 4096 <= size; at += 4096) plaintext.write(marker, at + 100, 'latin1');
  return { plaintext, marker };
}

/** The files of every disk, outside /proc and the like, that have been written since `stamp` and hold the marker. */
export function onDisks(marker: string, stamp: string): string[] {
  const script =
    'find / -xdev -type f -newer "$1" -size +0 -print0 2>/dev/null | xargs -0 -r grep -lF -e "$2" 2>/dev/null; true';
  const out = execFileSync('sh', ['-c', script, 'sh', stamp, marker], { encoding: 'utf8' });
  return out.split('\n').filter(Boolean);
}

/** The files under a directory that hold the marker; directories and links are only named by `everything`. */
export function under(directory: string, marker: string): string[] {
  return everything(directory).filter((path) => {
    try {
      return lstatSync(path).isFile() && readFileSync(path).includes(marker);
    } catch {
      return false;
    }
  });
}

/** What goes while this looks, as others' directories in /dev/shm do, is not there. */
export function everything(directory: string): string[] {
  return entriesOf(directory).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? [path, ...everything(path)] : [path];
  });
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** A file that is a little older than whatever is written from now on; the clock of files ticks slowly. */
export function stampIn(directory: string): string {
  const path = join(directory, 'stamp');
  writeFileSync(path, '');
  const before = Date.now() / 1000 - 1;
  utimesSync(path, before, before);
  return path;
}
