import { join } from 'node:path';
import { type CgroupVersion, cgroupViews, directoriesOf } from './cgroups.js';
import { parseMountInfo } from './mount-info.js';
import { textOf } from './read.js';

const COUNTED_IN: Readonly<Record<CgroupVersion, string>> = { 1: 'memory.oom_control', 2: 'memory.events' };

/**
 * How many processes of this process's control groups the kernel has killed because memory ran out; 0 where that cannot be told. Of the groups that they are in, others
 * may have died.
 *
 * @param root what /proc and /sys are looked for under
 */
export async function oomKills(root = '/'): Promise<number> {
  const [cgroups, mountInfo] = await Promise.all(
    ['cgroup', 'mountinfo'].map((name) => textOf(join(root, 'proc/self', name))),
  );
  const counts = cgroupViews(cgroups ?? '', parseMountInfo(mountInfo ?? '')).map(async (view) => {
    const own = (await directoriesOf(view, root)).at(-1)!;
    const text = (await textOf(join(own, COUNTED_IN[view.version]))) ?? '';
    return Number(/^oom_kill ([0-9]+)$/m.exec(text)?.[1] ?? 0);
  });
  return (await Promise.all(counts)).reduce((sum, one) => sum + one, 0);
}
