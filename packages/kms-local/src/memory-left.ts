import { readFile } from 'node:fs/promises';
import { WeightsealError } from '@weightseal/core';

const MIB = 1_048_576;
const GROUPS = '/sys/fs/cgroup';

interface Files {
  readonly limit: string;
  readonly usage: string;
  /** What of the usage the kernel gives back when it is needed: pages of files. */
  readonly droppable: RegExp;
}

const VERSION_1: Files = {
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  droppable: /^total_(?:in)?active_file ([0-9]+)$/gm,
};
const VERSION_2: Files = {
  limit: 'memory.max',
  usage: 'memory.current',
  droppable: /^(?:in)?active_file ([0-9]+)$/gm,
};

/**
 * The kernel kills a process whose container has not the memory that it takes, and nobody hears why. So whoever is about to take much looks first.
 *
 * @throws KEY_UNAVAILABLE
 */
export async function checkMemoryFor(bytes: number, doing: string): Promise<void> {
  const left = await memoryLeft();
  if (left === undefined || left >= bytes) return;
  throw new WeightsealError(
    'KEY_UNAVAILABLE',
    `To ${doing} takes ${Math.ceil(bytes / MIB)} MiB of memory at once, and the limit of the container leaves ${Math.floor(left / MIB)} MiB. Raise the limit, or seal for a key file instead.`,
  );
}

/** Bytes that this process's control groups still leave it, as far as they can be seen; undefined where nothing limits it. */
export async function memoryLeft(
  groups: string = GROUPS,
  ofProcess: string = '/proc/self/cgroup',
): Promise<number | undefined> {
  const lines = (await textOf(ofProcess)).split('\n');
  const found = await Promise.all(lines.map((line) => leftIn(line, groups)));
  const known = found.flat().filter((left) => left !== undefined);
  return known.length > 0 ? Math.max(0, Math.min(...known)) : undefined;
}

/** By a line `hierarchy:controllers:path`. The group itself, and where a container hides its path, what is mounted in its place. */
async function leftIn(line: string, groups: string): Promise<(number | undefined)[]> {
  const [, controllers, path] = /^[0-9]+:([^:]*):(\/.*)$/.exec(line) ?? [];
  if (path === undefined || controllers === undefined) return [];
  const names = controllers.split(',');
  if (controllers !== '' && !names.includes('memory')) return [];
  const [files, top] =
    controllers === '' ? ([VERSION_2, groups] as const) : ([VERSION_1, `${groups}/memory`] as const);
  const parts = path.includes('..') ? [] : path.split('/').filter(Boolean);
  const directories = parts.map((_, at) => `${top}/${parts.slice(0, at + 1).join('/')}`);
  return await Promise.all([top, ...directories].map((directory) => leftAt(directory, files)));
}

async function leftAt(directory: string, files: Files): Promise<number | undefined> {
  const [limit, usage, stat] = await Promise.all(
    [files.limit, files.usage, 'memory.stat'].map((name) => textOf(`${directory}/${name}`)),
  );
  // Version 1 says "no limit" by the largest number of pages that there is; version 2 says `max`.
  const most = Number.parseInt(limit!, 10);
  if (!Number.isSafeInteger(most)) return undefined;
  const droppable = [...stat!.matchAll(files.droppable)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  return most - Math.max(0, (Number.parseInt(usage!, 10) || 0) - droppable);
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
