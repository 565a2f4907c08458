import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { lstatSync, readFileSync, realpathSync } from '../io/sync-fs.js';

/** The text of worker.ts with all that it imports. The build puts it here, and writes the same into dist/worker.js (tsup.config.ts). */
declare const WORKER_TEXT: string;
// Once, since the build puts it in wherever its name stands.
const text: string = WORKER_TEXT;

const OTHERS_WRITE = 0o022;
/** As /tmp has it: who can write to a directory can rename his own files there, and nobody else's. */
const STICKY = 0o1000;

let found: URL | false | undefined;

/** What a thread is started from: the file beside this code, or its text where that file is not to be had. */
export function workerFile(): { readonly file: URL } | { readonly text: string } {
  found ??= besideUs() ?? false;
  return found ? { file: found } : { text };
}

/** From now on threads start from the text: the file is there, and the system does not give it to a thread (a Plug'n'Play archive). */
export function distrustFile(): void {
  found = false;
}

/**
 * Undefined in a bundle: the file was left behind, the code has no place (CommonJS, a single executable), or the file beside it is another's of that
 * name, or of another version. Each thread reads it anew, so what somebody else could put in its place meanwhile does not count either.
 */
function besideUs(): URL | undefined {
  try {
    const sea: typeof import('node:sea') | undefined = process.getBuiltinModule('node:sea');
    if (sea?.isSea()) return undefined;
    const beside = new URL('./worker.js', import.meta.url);
    // Some bundlers put a link there; a thread is given the place that it leads to now.
    const path = realpathSync.native(fileURLToPath(beside));
    if (!isOursAlone(path)) return undefined;
    return readFileSync(path, 'utf8') === text ? pathToFileURL(path) : undefined;
  } catch {
    return undefined;
  }
}

/** A regular file that nobody but its owner can change, or put another in its place, and its owner is this user or root. The path has no links. */
function isOursAlone(path: string): boolean {
  const stat = lstatSync(path);
  if (!stat.isFile() || !isOurs(stat, OTHERS_WRITE)) return false;
  for (let at = dirname(path); ; at = dirname(at)) {
    const directory = lstatSync(at);
    if (!isOurs(directory, directory.mode & STICKY ? 0 : OTHERS_WRITE)) return false;
    if (at === dirname(at)) return true;
  }
}

function isOurs({ uid, mode }: Pick<Stats, 'uid' | 'mode'>, others: number): boolean {
  const known = [0, process.geteuid?.() ?? uid];
  return known.includes(uid) && (process.platform === 'win32' || (mode & others) === 0);
}
