import { readFileSync } from 'node:fs';

const ROOT = 0;

/**
 * Whose something is that is neither ours nor, where that is allowed, root's: to the end of a sentence that begins with it. In a user namespace
 * all whom it does not know show as one user (nobody, 65534), root among them: they are told apart from those who are somebody here.
 *
 * @param me undefined where there are no users, as on Windows
 */
export function strangers(
  uid: number,
  me: number | undefined,
  { rootToo }: { readonly rootToo: boolean },
): string | undefined {
  if (me === undefined || uid === me || (rootToo && uid === ROOT)) return undefined;
  return isMapped(uid, mapping())
    ? 'belongs to another user'
    : 'is of a user outside this user namespace, in which root cannot be told from a stranger';
}

/** Whether a user is one of the namespace, by its map: lines of the first user here, the first outside, and how many. */
export function isMapped(uid: number, map: string | undefined): boolean {
  if (map === undefined) return true;
  return map.split('\n').some((line) => {
    const [here, , count] = line.trim().split(/\s+/).map(Number);
    return here !== undefined && count !== undefined && here <= uid && uid < here + count;
  });
}

function mapping(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return readFileSync('/proc/self/uid_map', 'utf8') || undefined;
  } catch {
    return undefined;
  }
}
