import type { Stats } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { throwIfAborted } from '@weightseal/core';
import { isOfOthers, OTHERS_WRITE, writableByGroup } from './rights.js';

/** What lies below a directory, by whom else it could be changed. */
export interface Below {
  /** Every user can write to them. */
  readonly byAll: Some;
  /** They belong to another user. */
  readonly ofOthers: Some;
  readonly byGroup: Some;
  /** Links that lead out of it, and directories that could not be looked into. */
  readonly unseen: Some;
}

/** The first in the order of names, and how many. */
export interface Some {
  readonly first?: string | undefined;
  readonly count: number;
}

/** Looks at the mode and the owner of everything below, and follows no link. */
export async function lookBelow(
  root: string,
  owner: number | undefined,
  signal: AbortSignal | undefined,
): Promise<Below> {
  const told = { byAll: none(), ofOthers: none(), byGroup: none(), unseen: none() };
  await walk(root, { root, owner, told }, signal);
  return told;
}

interface Walk {
  readonly root: string;
  readonly owner: number | undefined;
  readonly told: Readonly<Record<keyof Below, Counting>>;
}

interface Counting {
  first?: string;
  count: number;
}

function none(): Counting {
  return { count: 0 };
}

function add(some: Counting, path: string): void {
  some.first ??= path;
  some.count++;
}

/** One after another: a directory may have millions of files. */
async function walk(at: string, given: Walk, signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal);
  const names = await readdir(at).catch(() => undefined);
  if (!names) return add(given.told.unseen, at);
  for (const name of names.sort()) {
    const path = at === '/' ? `/${name}` : `${at}/${name}`;
    const stats = await lstat(path).catch(() => undefined);
    if (!stats) add(given.told.unseen, path);
    else await look(path, stats, given, signal);
  }
}

async function look(path: string, stats: Stats, given: Walk, signal: AbortSignal | undefined): Promise<void> {
  const { root, owner, told } = given;
  const isLink = stats.isSymbolicLink();
  if (isOfOthers(stats.uid, owner)) add(told.ofOthers, path);
  // A link has no rights of its own.
  else if (!isLink && (stats.mode & OTHERS_WRITE) !== 0) add(told.byAll, path);
  else if (!isLink && writableByGroup(stats)) add(told.byGroup, path);
  if (isLink && !(await staysIn(path, root))) add(told.unseen, path);
  if (stats.isDirectory()) await walk(path, given, signal);
}

/** One that leads nowhere gives nobody anything. */
async function staysIn(path: string, root: string): Promise<boolean> {
  const led = await realpath(path).catch(() => root);
  return led === root || led.startsWith(root === '/' ? '/' : `${root}/`);
}
