import { readlinkSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { randomBytes } from '../crypto.js';
import { abortedError, throwIfAborted } from '../errors.js';

const LOOK_MS = 50;
/** A lock file is written right after it was made: one that is empty for so long has lost its process in between. */
const EMPTY_MS = 5000;

/**
 * The lock where flock(2) cannot be had (macOS, Windows, an image without the program, some network file systems): a file beside the one that is to be
 * changed, which only one can create. It says whose it is, and whoever finds that process dead takes it over. Where no file can be made
 * there, there is no lock; then what is looked at before each change has to do. Waits for others.
 *
 * @returns what removes it
 * @throws ABORTED
 */
export async function lockBeside(
  target: string,
  ino: bigint,
  signal: AbortSignal | undefined,
): Promise<() => Promise<void>> {
  // By its inode: names can be as long as they may be.
  const path = join(dirname(target), `.${ino.toString(16)}.weightseal-lock`);
  const mine = `${thisPlace()} ${process.pid} ${randomBytes(8).toString('hex')}\n`;
  for (;;) {
    throwIfAborted(signal);
    const made = await create(path, mine);
    if (made === 'impossible') return () => Promise.resolve();
    if (made === 'done') return () => removeOwn(path, mine);
    if (!(await takeOver(path))) await pause(signal);
  }
}

type Made = 'done' | 'taken' | 'impossible';

async function create(path: string, content: string): Promise<Made> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'wx', 0o644);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'taken' : 'impossible';
  }
  try {
    await handle.writeFile(content);
    return 'done';
  } catch {
    await rm(path, { force: true });
    return 'impossible';
  } finally {
    await handle.close();
  }
}

/** Removes the lock of a process that is dead. Resolves to whether it was one. */
async function takeOver(path: string): Promise<boolean> {
  const found = await readFile(path, 'utf8').catch(() => undefined);
  if (found === undefined) return true;
  if (!(await isLeft(path, found))) return false;
  // Two may see it at the same time: each takes away what is there under a name of its own, and only one gets the dead one's.
  const aside = `${path}.${randomBytes(8).toString('hex')}`;
  await rename(path, aside).catch(() => {});
  const taken = await readFile(aside, 'utf8').catch(() => undefined);
  if (taken !== undefined && taken !== found) await rename(aside, path).catch(() => {});
  await rm(aside, { force: true });
  return true;
}

async function isLeft(path: string, content: string): Promise<boolean> {
  const [, place, pid] = /^(\S+) ([0-9]+) [0-9a-f]{16}\n$/.exec(content) ?? [];
  if (place === undefined || pid === undefined) {
    const made = await stat(path).catch(() => undefined);
    return content === '' && made !== undefined && Date.now() - made.mtimeMs > EMPTY_MS;
  }
  // What runs on another machine, or in another container, cannot be seen from here.
  return place === thisPlace() && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Where this process's number means this process. */
function thisPlace(): string {
  const host = encodeURIComponent(hostname());
  try {
    return `${host}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return host;
  }
}

async function removeOwn(path: string, content: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => undefined)) === content) await rm(path, { force: true });
}

async function pause(signal: AbortSignal | undefined): Promise<void> {
  await delay(LOOK_MS, undefined, { ...(signal && { signal }) }).catch(() => {
    throw abortedError(signal!);
  });
}
