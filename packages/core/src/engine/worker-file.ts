import { readFileSync } from '../io/sync-fs.js';

/** The text of worker.ts with all that it imports. The build puts it here, and writes the same into dist/worker.js (tsup.config.ts). */
declare const WORKER_TEXT: string;
// Once, since the build puts it in wherever its name stands.
const text: string = WORKER_TEXT;

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
 * name, or of another version.
 */
function besideUs(): URL | undefined {
  try {
    const url = new URL('./worker.js', import.meta.url);
    return readFileSync(url, 'utf8') === text ? url : undefined;
  } catch {
    return undefined;
  }
}
