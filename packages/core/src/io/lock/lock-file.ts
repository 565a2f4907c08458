import { constants, type FileHandle, open, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { randomBytes } from '../../common/crypto.js';
import { closing } from '../closing.js';
import { readlinkSync } from '../sync-fs.js';

// Windows has neither.
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
const MAX_BYTES = 512;

/** What a lock file of this process says: whose it is, and which. */
export function contentOfOurs(): string {
  return `${thisPlace()} ${process.pid} ${randomBytes(8).toString('hex')}\n`;
}

export type Made = 'done' | 'taken' | 'impossible';

export async function create(path: string, content: string): Promise<Made> {
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

/** What a lock file says; undefined where there is none. Others may put anything in its place: it is not followed, and not waited for. */
export async function contentOf(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    await using _file = closing(file);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : '';
  }
}

/** Whether its process is of this machine and dead. What runs on another one, or in another container, cannot be seen from here. */
export function isLeft(content: string): boolean {
  const [, place, pid] = /^(\S+) ([0-9]+) [0-9a-f]{16}\n$/.exec(content) ?? [];
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
