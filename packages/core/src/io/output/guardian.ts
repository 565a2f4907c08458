import { findProgram } from '../find-program.js';
import { MADE, REPLACING, UNDONE } from '../staging/names.js';
import type { Directory } from './directory.js';

/** The directory as the child has it: by a descriptor of its own, which no other process can take for another. */
const DIRECTORY_FD = 3;
/**
 * Ends with us: its input is a pipe whose other end only we have, and the kernel closes that when we are no more. It may be killed too, so the mark goes last. Of one that was to replace another it
 * leaves what tells the next process how to settle that (../staging/replacing.ts).
 */
const WATCH = `trap "" HUP INT QUIT TERM; read -r done && exit
[ ! -e "$2/${REPLACING}" ] || [ ! -e "$2/${MADE}" ] || : >"$2/${UNDONE}"
"$1" -rf -- "$2/${MADE}" && [ ! -e "$2/${REPLACING}" ] && exec "$1" -rf -- "$2"`;

/** Removes a staging directory of plaintext when this process is killed, which cannot do it then. */
export interface Guardian {
  /** It is whole, or removed already: there is nothing to guard any more. */
  dismiss(): void;
}

/**
 * Starts a small process that waits for our end, in a session of its own, so that what ends us from a terminal does not end it. Undefined where none can be started.
 * docs/decisions/0008-bundles-are-directories.md.
 */
export async function guard(above: Directory, name: string): Promise<Guardian | undefined> {
  const { permission } = process;
  if (above.fd === undefined || (permission && !permission.has('child'))) return undefined;
  const rm = await findProgram('rm');
  if (rm === undefined) return undefined;
  // Loaded only here: most processes of a library's user have no other need of it, and it takes a while.
  const { spawn } = process.getBuiltinModule('node:child_process');
  try {
    const child = spawn('/bin/sh', ['-c', WATCH, 'sh', rm, `/proc/self/fd/${DIRECTORY_FD}/${name}`], {
      stdio: ['pipe', 'ignore', 'ignore', above.fd],
      env: { PATH: '/usr/bin:/bin' },
      detached: true,
    });
    const { stdin } = child;
    child.on('error', () => {});
    stdin?.on('error', () => {});
    child.unref();
    // A pipe is a socket to Node, which would keep the process alive.
    (stdin as { unref?: () => void } | null)?.unref?.();
    return { dismiss: () => stdin?.end('done\n') };
  } catch {
    // The system gives no process.
    return undefined;
  }
}
