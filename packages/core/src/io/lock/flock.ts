import type { ChildProcess } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import { setImmediate } from '../../common/timers.js';
import { throwIfAborted } from '../../errors.js';
import { findProgram } from '../find-program.js';

/** How often a waiting program may be killed by others before another way is taken. */
const TRIES = 3;
const WAITING: readonly string[] = ['-x'];
const AT_ONCE: readonly string[] = ['-x', '-n'];
/** Of util-linux and of busybox: that another has it. */
const CONFLICT = 1;

/**
 * flock(2) on an open file, which Node does not offer: the program of that name does it to a descriptor that it shares with us. The lock is that of the open
 * file, so it stays when the program has ended, and goes when our descriptor is closed or this process dies, however it dies. Waits for
 * others. Resolves to whether there is such a lock here.
 *
 * @param contended told when somebody else has it
 * @throws ABORTED
 */
export async function lockByProgram(
  handle: FileHandle,
  signal: AbortSignal | undefined,
  contended: () => void,
): Promise<boolean> {
  const flock = await findProgram('flock');
  if (!flock) return false;
  let how = AT_ONCE;
  for (let left = TRIES; left > 0; ) {
    throwIfAborted(signal);
    const code = await exitOf(flock, [...how, '3'], handle.fd, signal);
    throwIfAborted(signal);
    if (how === AT_ONCE && code === CONFLICT) {
      contended();
      how = WAITING;
      continue;
    }
    if (code !== 'killed') return code === 0;
    left--;
    // A terminal's ^C is for all of its processes, and the program may hear it before us.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return false;
}

/** Whether another has the lock; undefined where nobody can tell. If none has, it is ours until the file is closed. */
export async function isHeld(handle: FileHandle): Promise<boolean | undefined> {
  const flock = await findProgram('flock');
  const code = flock && (await exitOf(flock, [...AT_ONCE, '3'], handle.fd, undefined));
  return code === 0 ? false : code === CONFLICT ? true : undefined;
}

type Exit = number | 'killed' | 'not started';

function exitOf(
  flock: string,
  args: readonly string[],
  fd: number,
  signal: AbortSignal | undefined,
): Promise<Exit> {
  // Loaded only here: nothing but a change of a file needs it.
  const { spawn } = process.getBuiltinModule('node:child_process');
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = spawn(flock, args, { stdio: ['ignore', 'ignore', 'ignore', fd], env: {} });
    } catch {
      // Node's permission model throws; whatever it is, there is another way.
      resolve('not started');
      return;
    }
    const stop = (): void => void child.kill('SIGKILL');
    const settle = (exit: Exit): void => {
      signal?.removeEventListener('abort', stop);
      resolve(exit);
    };
    signal?.addEventListener('abort', stop, { once: true });
    child.once('error', () => settle('not started'));
    child.once('exit', (code) => settle(code ?? 'killed'));
  });
}
