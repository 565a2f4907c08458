import { fileURLToPath, pathToFileURL } from 'node:url';
import { lstatSync, readFileSync, realpathSync } from '../io/sync-fs.js';

/** The text of worker.ts with all that it imports. The build puts it here, and writes the same into dist/worker.js (tsup.config.ts). */
declare const WORKER_TEXT: string;
// Once, since the build puts it in wherever its name stands.
const text: string = WORKER_TEXT;

const OTHERS_WRITE = 0o022;

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

/** A regular file that nobody but its owner can change, and its owner is this user or root. */
function isOursAlone(path: string): boolean {
  const stat = lstatSync(path);
  const known = [0, process.geteuid?.() ?? stat.uid];
  return (
    stat.isFile() &&
    known.includes(stat.uid) &&
    (process.platform === 'win32' || (stat.mode & OTHERS_WRITE) === 0)
  );
}
