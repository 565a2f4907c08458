import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { WeightsealError } from '@weightseal/core';
import { startError } from '../place/place-error.js';
import { cannotRun } from './look-up.js';
import type { Found, Launch } from './stage.js';

const FILTER = '/proc/self/coredump_filter';

/** Starts the command, in the process of `enter` and the prefix. Resolves when the first of these runs. */
export async function startCommand(
  { command, environment, prefix, descriptors, signals }: Launch,
  found: Found,
  model: FileHandle,
  enter: readonly string[] = [],
): Promise<ChildProcess> {
  const { words, environment: env } = prefix.with(environment(found));
  const [program = '', ...args] = [...enter, ...words, ...command(found.path)];
  const stdio: ('inherit' | 'ignore' | 'pipe' | number)[] = ['inherit', 'inherit', 'inherit'];
  const put = (fd: number, what: 'pipe' | number) => {
    while (stdio.length <= fd) stdio.push('ignore');
    stdio[fd] = what;
  };
  put(descriptors.model, model.fd);
  if (descriptors.ready !== undefined) put(descriptors.ready, 'pipe');
  for (const fd of descriptors.passed) put(fd, fd);
  const direct = enter.length + words.length === 0;
  try {
    signals.expectCommand();
    const child = withoutMemoryInDumps(prefix.limitsCores, () => spawn(program, args, { env, stdio }));
    await once(child, 'spawn');
    return child;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof WeightsealError) throw error;
    if (direct && (code === 'ENOENT' || code === 'EACCES'))
      throw cannotRun(program, code === 'EACCES', error);
    throw startError(error, program);
  }
}

/**
 * A child inherits which memory goes into a core dump: none, also where a dump is piped to a program, whatever its limit. Ours is as before when this returns; spawn waits until the
 * child is another program.
 */
function withoutMemoryInDumps<T>(limited: boolean, start: () => T): T {
  const before = filter();
  const set = before !== undefined && setFilter('0');
  if (!set && !limited)
    throw new WeightsealError(
      'IO_ERROR',
      'Core dumps of the command cannot be switched off: that takes `prlimit` of util-linux in PATH, or a /proc that can be written to.',
    );
  try {
    return start();
  } finally {
    if (set) setFilter(before);
  }
}

/** Read as hexadecimal digits, and written as a number with its prefix. */
function filter(): string | undefined {
  try {
    return `0x${readFileSync(FILTER, 'latin1').trim()}`;
  } catch {
    return undefined;
  }
}

function setFilter(value: string): boolean {
  try {
    writeFileSync(FILTER, value);
    return true;
  } catch {
    return false;
  }
}
