import { constants, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hasOwnNumbers } from '../machine/own-numbers.js';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const O_CLOEXEC = 0o2000000;
const HOW = O_WRONLY | constants.O_RDWR | O_NONBLOCK | O_CLOEXEC;

/** What a descriptor of a process leads to; empty where that cannot be seen. */
export function targetOf(fd: number | string, pid: number | 'self' = 'self'): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return '';
  }
}

/** The number of a pipe. */
export function pipeOf(target: string): bigint | undefined {
  const number = /^pipe:\[([0-9]+)\]$/.exec(target)?.[1];
  return number === undefined ? undefined : BigInt(number);
}

/**
 * Whether a pipe is one of those that Node opens for itself: it has both ends, each once. Those that wake an event loop do not block; and there is a single one that does, which
 * it opens right before the first of the others. A caller's can look the same (GNU make's jobserver, a program that exec has made Node of), but not in all of that.
 */
export function isPipeOfNode(target: string): boolean {
  const here = targetsOf('self');
  if (hasOwnNumbers() && targetsOf(process.ppid).some(({ to }) => to === target)) return false;
  const number = pipeOf(target) ?? 0n;
  return (
    isPair(here, number, O_NONBLOCK) || (isPair(here, number, 0) && isPair(here, number + 1n, O_NONBLOCK))
  );
}

interface Open {
  readonly fd: string;
  readonly to: string;
}

function targetsOf(pid: number | 'self'): Open[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => ({ fd, to: targetOf(fd, pid) }));
  } catch {
    return [];
  }
}

function isPair(all: readonly Open[], number: bigint, blocking: number): boolean {
  const ends = all.filter(({ to }) => pipeOf(to) === number).map(({ fd }) => flagsOf(fd) & HOW);
  const [first, second] = ends.toSorted((a, b) => a - b);
  const common = O_CLOEXEC | blocking;
  return ends.length === 2 && first === (O_RDONLY | common) && second === (O_WRONLY | common);
}

function flagsOf(fd: string): number {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
    return Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? '0', 8);
  } catch {
    return 0;
  }
}
