import { randomBytes } from 'node:crypto';
import { lstatSync, readlinkSync, renameSync, rmdirSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { MARK } from '../owner.js';
import { removeAllIn } from './remove-tree.js';

/** Another process may still be making files there. */
const ROUNDS = 3;

/**
 * Removes a directory of ours with all that is in it, the mark last: if this process is killed meanwhile, or cannot remove all of it, a sweep still knows it.
 *
 * @param directory as this process reaches it
 * @returns the paths of what could not be removed
 */
export function removeMarked(directory: string, path: string): string[] {
  for (let round = 0; round < ROUNDS; round++) {
    mark(directory, path);
    const left = removeAllIn(directory, path, MARK);
    if (left.length > 0) return left;
    attempt(() => unlinkSync(`${directory}/${MARK}`));
    const at = whereIs(directory, path);
    if (at === undefined || attempt(() => rmdirSync(at))) return [];
  }
  mark(directory, path);
  return [path];
}

/** Whoever has our directory can have removed the mark, or made something else of it. */
function mark(directory: string, path: string): void {
  const wanted = basename(path);
  const at = `${directory}/${MARK}`;
  if (linkOf(at) === wanted) return;
  attempt(() => renameSync(at, `${directory}/.${randomBytes(8).toString('hex')}`));
  attempt(() => symlinkSync(wanted, at));
}

/** Where the directory is by now, undefined where it is nowhere. */
function whereIs(directory: string, path: string): string | undefined {
  const { dev, ino } = statSync(directory, { bigint: true });
  const named = [path, linkOf(directory)].filter((one) => one !== undefined);
  return named.find((one) => {
    const stats = lstatSync(one, { bigint: true, throwIfNoEntry: false });
    return stats?.dev === dev && stats.ino === ino;
  });
}

function linkOf(directory: string): string | undefined {
  try {
    return readlinkSync(directory);
  } catch {
    return undefined;
  }
}

function attempt(what: () => void): boolean {
  try {
    what();
    return true;
  } catch {
    return false;
  }
}
