import { readlinkSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { randomBytes } from '../crypto.js';
import { throwIfAborted } from '../errors.js';
import { orAborted } from './turns.js';

/** What a file is, whatever its names are. */
export interface Inode {
  readonly dev: bigint;
  readonly ino: bigint;
}

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
  inode: Inode,
  signal: AbortSignal | undefined,
): Promise<() => Promise<void>> {
  const path = besides(target, inode);
  const mine = `${thisPlace()} ${process.pid} ${randomBytes(8).toString('hex')}\n`;
  for (;;) {
    throwIfAborted(signal);
    const made = await create(path, mine);
    if (made === 'impossible') return () => Promise.resolve();
    if (made === 'done') {
      if (!(await isFlocked(inode))) return () => removeOwn(path, mine);
      // Of the two ways, this one gives way: both look after the other when they have their own.
      await removeOwn(path, mine);
      await pause(signal);
    } else if (!(await takeOver(path))) await pause(signal);
  }
}

/** For those who have the system's lock: waits for one who could not have it. @throws ABORTED */
export async function awaitBeside(
  target: string,
  inode: Inode,
  signal: AbortSignal | undefined,
): Promise<void> {
  const path = besides(target, inode);
  while ((await stat(path).catch(() => undefined)) && !(await takeOver(path))) await pause(signal);
}

/** By the inode, since names can be as long as they may be. */
function besides(target: string, { ino }: Inode): string {
  return join(dirname(target), `.${ino.toString(16)}.weightseal-lock`);
}

/** Whether somebody has the system's lock, as far as Linux tells: major:minor:inode, of what is locked and not of who waits. */
async function isFlocked({ dev, ino }: Inode): Promise<boolean> {
  const hex = (value: bigint) => value.toString(16).padStart(2, '0');
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  const locks = await readFile('/proc/locks', 'utf8').catch(() => '');
  const ours = ` ${hex(major)}:${hex(minor)}:${ino} `;
  return locks.split('\n').some((line) => /^[0-9]+: FLOCK .* WRITE /.test(line) && line.includes(ours));
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

function pause(signal: AbortSignal | undefined): Promise<void> {
  return orAborted(new Promise((resolve) => setTimeout(resolve, LOOK_MS)), signal);
}
