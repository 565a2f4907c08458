import { stat } from 'node:fs/promises';
import { textOf } from './read.js';

/** What the kernel makes root's own, whatever user namespace looks at it. */
const OF_ROOT = '/proc/version';

/**
 * The number that the machine's root has in a user namespace that does not have it, such as the one that a command of ours is in: there root and whoever else is not
 * mapped share one. Undefined where root is 0, and where somebody of the namespace has that number too.
 */
export async function unmappedRoot(): Promise<number | undefined> {
  const uid = await stat(OF_ROOT).then(
    (stats) => stats.uid,
    () => 0,
  );
  const map = uid === 0 ? undefined : await textOf('/proc/self/uid_map');
  return map === undefined || isMapped(uid, map) ? undefined : uid;
}

/** Whether the namespace has a user of that number: each line has the first one here, the first one outside, and how many. */
export function isMapped(uid: number, map: string): boolean {
  const ranges = map.trim().split('\n');
  return ranges.some((line) => {
    const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
    return uid >= first && uid < first + count;
  });
}
