import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { createHash } from '../common/crypto.js';

/**
 * A process: its number, within its namespace, together with its start time, for numbers are used again.
 *
 * @hidden
 */
export interface Owner {
  /** The inode of its PID namespace; `0` where there are none. */
  readonly namespace: string;
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, clock ticks since boot; `0` where there is no /proc. */
  readonly started: string;
}

/** @hidden */
export async function thisProcess(): Promise<Owner> {
  return {
    namespace: (await ownNamespace()) ?? '0',
    pid: process.pid,
    started: (await startOf(process.pid)) ?? '0',
  };
}

/** The kernel that runs, in hexadecimal: another one after a restart, and on another machine. Undefined where that cannot be told. */
export async function knownBoot(): Promise<string | undefined> {
  const id = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => '');
  const digits = id.trim().replaceAll('-', '');
  return /^[0-9a-f]{32}$/.test(digits) ? digits : undefined;
}

/** The same. Where it cannot be told, the host's name stands for it. */
export async function thisBoot(): Promise<string> {
  return (await knownBoot()) ?? createHash('sha256').update(hostname()).digest('hex').slice(0, 32);
}

/**
 * `elsewhere`: of another PID namespace (another container), of which nobody here can tell.
 *
 * @hidden
 */
export type OwnerLife = 'lives' | 'dead' | 'elsewhere';

/** @hidden */
export async function lifeOf(owner: Owner): Promise<OwnerLife> {
  if (owner.namespace !== ((await ownNamespace()) ?? '0')) return 'elsewhere';
  const started = await startOf(owner.pid);
  if (started !== undefined && owner.started !== '0') {
    if (started === owner.started) return 'lives';
    return (await sharesClock(owner.pid)) ? 'dead' : 'elsewhere';
  }
  return exists(owner.pid) ? 'lives' : 'dead';
}

async function ownNamespace(): Promise<string | undefined> {
  const link = await readlink('/proc/self/ns/pid').catch(() => '');
  return /^pid:\[([0-9]+)\]$/.exec(link)?.[1];
}

/** In another time namespace, start times are told otherwise. */
async function sharesClock(pid: number): Promise<boolean> {
  const [own, other] = await Promise.all(
    ['self', pid].map((who) =>
      readlink(`/proc/${who}/ns/time`).catch((error: NodeJS.ErrnoException) => error.code),
    ),
  );
  // Gone meanwhile, or a kernel without time namespaces.
  return own === other || other === 'ENOENT';
}

async function startOf(pid: number): Promise<string | undefined> {
  // Where /proc is that of another PID namespace, a number of ours is another process there.
  if ((await readlink('/proc/self').catch(() => '')) !== String(process.pid)) return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // The second field is the program's name in parentheses, and can hold anything.
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .at(19);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
