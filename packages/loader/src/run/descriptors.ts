import { fstatSync } from 'node:fs';
import { WeightsealError } from '@weightseal/core';
import { isPipeOfNode, pipeOf, targetOf } from './pipes.js';

/** Which descriptors the command gets, besides the standard ones. */
export interface Descriptors {
  /** The caller's, each under the number that it has here. */
  readonly passed: readonly number[];
  readonly model: number;
  /** On which the command says that it is ready. */
  readonly ready: number | undefined;
}

/** As long as the table of a child may become. */
const MOST = 65_536;
const WORD = /^\/(?:dev|proc\/self)\/fd\/(0|[1-9][0-9]*)$/;

/** The caller's descriptors that words of a command name, as a shell's process substitution does. 3 and 4 are the model and what tells of readiness. */
export function descriptorsIn(words: readonly string[]): number[] {
  const named = words.map((word) => Number(WORD.exec(word)?.[1] ?? -1));
  return named.filter((fd) => fd > 4 && fd < MOST && isOpen(fd) && !isOfNode(fd));
}

/** sd_listen_fds(3): sockets from 3 on, for the process that LISTEN_PID names. */
export function activated(environment: NodeJS.ProcessEnv): number[] {
  const { LISTEN_PID: pid, LISTEN_FDS: count } = environment;
  if (pid !== String(process.pid) || !/^[1-9][0-9]{0,4}$/.test(count ?? '')) return [];
  return Array.from({ length: Number(count) }, (_, index) => 3 + index);
}

/**
 * Called before anything of ours is opened, so that what is open is the caller's.
 *
 * @throws INVALID_ARGUMENT for what is not open, or is Node's own
 */
export function assign(passed: readonly number[], sockets: readonly number[], ready: boolean): Descriptors {
  const wanted = [...new Set([...passed, ...sockets])].filter((fd) => ![0, 1, 2].includes(fd));
  for (const fd of wanted) check(fd);
  const free = (from: number): number => (wanted.includes(from) ? free(from + 1) : from);
  const model = free(3);
  return { passed: wanted, model, ready: ready ? free(model + 1) : undefined };
}

function check(fd: number): void {
  const bad = (what: string) => new WeightsealError('INVALID_ARGUMENT', what);
  if (!Number.isInteger(fd) || fd < 0 || fd >= MOST)
    throw bad(`A descriptor to pass on is a whole number below ${MOST}, not ${fd}.`);
  if (!isOpen(fd))
    throw bad(`Descriptor ${fd} is to be passed on, and is not open; open it where weightseal is started.`);
  if (isOfNode(fd))
    throw bad(
      `Descriptor ${fd} is to be passed on, and is one that Node uses itself; open yours where weightseal is started.`,
    );
}

function isOpen(fd: number): boolean {
  try {
    // With large numbers: Node 22 would take what is imported next for a pipe, if this is one.
    fstatSync(fd, { bigint: true });
    return true;
  } catch {
    return false;
  }
}

/** Its event loops, and the pipes of those. */
function isOfNode(fd: number): boolean {
  const target = targetOf(fd);
  if (/^anon_inode:\[(?:eventpoll|eventfd|io_uring)\]$/.test(target)) return true;
  return pipeOf(target) !== undefined && isPipeOfNode(target);
}
