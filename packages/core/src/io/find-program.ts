import { stat } from 'node:fs/promises';
import { self, swappable } from './private/exposure.js';
import { type Step, stepsTo } from './private/path-walk.js';

/** Looked at last, and trusted as they are: in a user namespace their owner may show as nobody. */
const USUAL = ['/usr/bin', '/bin'];
const OTHERS_WRITE = 0o022;
const EXECUTE = 0o111;

/** The absolute entries of PATH. What is relative or empty means the working directory, where a stranger's model may lie. */
function absoluteEntries(): string[] {
  return (process.env['PATH'] ?? '').split(':').filter((entry) => entry.startsWith('/'));
}

function entries(): string[] {
  return [...new Set([...absoluteEntries(), ...USUAL])];
}

/**
 * PATH for a program that we start ourselves, and that starts others by their names: the directories to which only root and we can write.
 *
 * @hidden
 */
export async function searchPath(): Promise<string> {
  const all = entries();
  const safe = await Promise.all(all.map((entry) => USUAL.includes(entry) || isOnlyOurs(entry)));
  return all.filter((_, index) => safe[index]).join(':');
}

/**
 * Where a program is that we start ourselves, under the name that it is to be called by: some are one file with many names. An entry of PATH counts only where
 * nobody but root and us can write to what is found there, or put something else in its place.
 * @hidden
 */
export async function findProgram(name: string): Promise<string | undefined> {
  const all = entries();
  // All at once: most entries have none, and asking one after the other takes a millisecond or two of each start. Following a path by ourselves is dear.
  const runnable = await Promise.all(all.map((entry) => isRunnable(`${entry}/${name}`)));
  for (const entry of all.filter((_, index) => runnable[index])) {
    const path = `${entry}/${name}`;
    if (USUAL.includes(entry) || (await isOnlyOurs(path))) return path;
  }
  return undefined;
}

async function isRunnable(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true && (found.mode & EXECUTE) !== 0;
}

async function isOnlyOurs(path: string): Promise<boolean> {
  const steps = await stepsTo(path).catch((): Step[] => []);
  const last = steps.at(-1);
  if (!last || swappable(steps, self())) return false;
  // Where others may write, what is ours may be a name that they have given it.
  let place = last;
  for (const step of steps) {
    if (step.kind === 'directory') place = step;
    // A link of /proc leads to where some process is: the working directory, for one.
    else if ((place.mode & OTHERS_WRITE) !== 0 || step.path.startsWith('/proc/')) return false;
  }
  return (last.mode & OTHERS_WRITE) === 0;
}
