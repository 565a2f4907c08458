import { join } from 'node:path';
import { type CgroupVersion, cgroupViews, directoriesOf } from './cgroups.js';
import { type Mount, parseMountInfo } from './mount-info.js';
import { numberIn, textOf } from './read.js';

export interface MemoryLimit {
  readonly source: 'cgroup v1' | 'cgroup v2';
  /** The file that sets it: `memory.max`, `memory.high`, `memory.limit_in_bytes`. */
  readonly setting?: string | undefined;
  /** Bytes. */
  readonly limit: number;
  /** Bytes still to be had under it: limit - usage + page cache that can be dropped. */
  readonly headroom: number;
}

export interface MemoryFacts {
  /** Bytes that can be had without swapping (MemAvailable); undefined where that cannot be read. */
  readonly available: number | undefined;
  /** The tightest limit of this process's control groups and all that they are in, as far as they can be seen. */
  readonly limit: MemoryLimit | undefined;
  /** `none`: no swap can take our pages now. `possible`: it can, or it cannot be told. */
  readonly swap: 'none' | 'possible';
}

interface Level {
  readonly limits: readonly MemoryLimit[];
  readonly swapForbidden: boolean;
}

/** What of a group's memory the kernel gives back by itself: files on a disk, and its own caches. Files in memory are not among it. */
const DROPPABLE: Readonly<Record<CgroupVersion, readonly string[]>> = {
  1: ['total_inactive_file', 'total_active_file'],
  2: ['inactive_file', 'active_file', 'slab_reclaimable'],
};
/** Over `memory.high` the kernel makes a process wait at each page, for what cannot be reclaimed without end. So it counts as a limit. */
const LIMITS: Readonly<Record<CgroupVersion, readonly string[]>> = {
  1: ['memory.limit_in_bytes'],
  2: ['memory.max', 'memory.high'],
};
const USAGE: Readonly<Record<CgroupVersion, string>> = { 1: 'memory.usage_in_bytes', 2: 'memory.current' };

/**
 * What the machine has for plaintext in memory. Never throws: what cannot be read is unknown.
 *
 * @param root what /proc and /sys are looked for under
 */
export async function memoryFacts(root = '/'): Promise<MemoryFacts> {
  const [meminfo, swaps, cgroups, mountInfo] = await Promise.all(
    ['meminfo', 'swaps', 'self/cgroup', 'self/mountinfo'].map((name) => textOf(join(root, 'proc', name))),
  );
  const mounts = parseMountInfo(mountInfo ?? '');
  const levels = await levelsOf(cgroups ?? '', mounts, root);
  const limits = levels.flatMap((level) => level.limits);
  return {
    available: availableIn(meminfo ?? ''),
    limit: limits.toSorted((a, b) => a.headroom - b.headroom)[0],
    swap: noSwapDevice(swaps, mounts) || levels.some((level) => level.swapForbidden) ? 'none' : 'possible',
  };
}

export function availableIn(meminfo: string): number | undefined {
  const kib = /^MemAvailable:\s*([0-9]+) kB$/m.exec(meminfo)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

/** A header, and a line for each device. What is mounted over it (lxcfs) tells of the container, and not of the machine. */
export function noSwapDevice(swaps: string | undefined, mounts: readonly Mount[]): boolean {
  if (!swaps?.startsWith('Filename') || mounts.some(({ mountPoint }) => mountPoint === '/proc/swaps'))
    return false;
  return swaps.trim().split('\n').length === 1;
}

async function levelsOf(cgroups: string, mounts: readonly Mount[], root: string): Promise<Level[]> {
  const levels = cgroupViews(cgroups, mounts).map(async (view) => {
    const directories = await directoriesOf(view, root);
    return await Promise.all(directories.map((directory) => levelAt(directory, view.version)));
  });
  return (await Promise.all(levels)).flat();
}

async function levelAt(directory: string, version: CgroupVersion): Promise<Level> {
  const read = (name: string) => textOf(join(directory, name));
  const [usage, stat, swapMax, ...limits] = await Promise.all(
    [USAGE[version], 'memory.stat', 'memory.swap.max', ...LIMITS[version]].map(read),
  );
  const used = usedOf(numberIn(usage), stat, version);
  return {
    limits: limits.flatMap((text, index) => {
      const limit = numberIn(text);
      // With v1 the largest number of pages there is means that there is none.
      if (limit === undefined || limit >= Number.MAX_SAFE_INTEGER) return [];
      const headroom = Math.max(0, limit - used);
      return { source: `cgroup v${version}` as const, setting: LIMITS[version][index], limit, headroom };
    }),
    // Version 1 has no such setting: memory.memsw.limit_in_bytes does not keep the machine as a whole from swapping a group's pages out.
    swapForbidden: version === 2 && numberIn(swapMax) === 0,
  };
}

/** Bytes that stay used whatever is dropped; none where that cannot be told. */
function usedOf(usage: number | undefined, stat: string | undefined, version: CgroupVersion): number {
  if (usage === undefined || stat === undefined) return 0;
  return Math.max(0, usage - droppableIn(stat, version));
}

export function droppableIn(stat: string, version: CgroupVersion): number {
  const values = new Map<string, string | undefined>();
  for (const line of stat.split('\n')) {
    const [name = '', value] = line.split(' ');
    values.set(name, value);
  }
  return DROPPABLE[version].reduce((sum, name) => sum + (numberIn(values.get(name)) ?? 0), 0);
}
