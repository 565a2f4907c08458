import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { WeightsealError } from '@weightseal/core';
import { tooSmall } from '../advice.js';
import { inUnits } from '../size.js';
import { type Mount, parseMountInfo } from './mount-info.js';
import { textOf } from './read.js';

export interface FileSystem {
  readonly kind: 'tmpfs' | 'ramfs' | 'other';
  /** Bytes free to us, and in all. Undefined for what has no size (ramfs, tmpfs with size=0), and where it cannot be told. */
  readonly free: number | undefined;
  readonly size: number | undefined;
  /** How many files more it can have. */
  readonly inodes?: number | undefined;
  /** Mounted with noswap, or a ramfs: the kernel never swaps it. */
  readonly noswap: boolean;
  /** Whether nothing in it can be executed. */
  readonly noexec?: boolean | undefined;
}

const TMPFS_MAGIC = 0x01021994;
const RAMFS_MAGIC = 0x858458f6;
const DOCKER_SHM = 64 * 1_048_576;

/**
 * What an open descriptor's file system is: by what the kernel says it is, never by a name or a table of mounts. Never throws: what cannot be told is `other`.
 *
 * The mounts are asked only about noswap. One that is in no namespace is not listed; there noswap is false, and who mounted it knows better.
 */
export async function fileSystemOf(fd: number | undefined): Promise<FileSystem> {
  const stats = await statfs(`/proc/self/fd/${fd}`).catch(() => undefined);
  if (!stats || fd === undefined) return { kind: 'other', free: undefined, size: undefined, noswap: false };
  const kind = kindOf(stats.type);
  const mount = kind === 'tmpfs' || kind === 'ramfs' ? await mountOf(fd) : undefined;
  const noswap = kind === 'ramfs' || hasNoswap(mount);
  // One that has no limit says 0 of both.
  const inodes = stats.files === 0 ? undefined : stats.ffree;
  return { kind, ...spaceIn(stats, kind), inodes, noswap, noexec: mount?.flags.includes('noexec') };
}

export function kindOf(type: number): FileSystem['kind'] {
  // Where the kernel's word has 32 bits, the upper half comes as negative.
  const magic = type >>> 0;
  return magic === TMPFS_MAGIC ? 'tmpfs' : magic === RAMFS_MAGIC ? 'ramfs' : 'other';
}

export function spaceIn(
  stats: Pick<StatsFs, 'bsize' | 'blocks' | 'bavail'> & { readonly frsize?: number },
  kind: FileSystem['kind'],
): Pick<FileSystem, 'free' | 'size'> {
  if (kind !== 'other' && stats.blocks === 0) return { free: undefined, size: undefined };
  // Blocks are counted in fragments, which newer Node versions tell.
  const unit = stats.frsize || stats.bsize;
  return { free: stats.bavail * unit, size: stats.blocks * unit };
}

async function mountOf(fd: number): Promise<Mount | undefined> {
  const [info, mountInfo] = await Promise.all([
    textOf(`/proc/self/fdinfo/${fd}`),
    textOf('/proc/self/mountinfo'),
  ]);
  return mountIn(info ?? '', mountInfo ?? '');
}

/** The mount that a descriptor came through; undefined where it is in no namespace of ours. */
export function mountIn(fdInfo: string, mountInfo: string): Mount | undefined {
  const id = /^mnt_id:\s*([0-9]+)$/m.exec(fdInfo)?.[1];
  return id === undefined ? undefined : parseMountInfo(mountInfo).find((one) => one.id === Number(id));
}

export function hasNoswap(mount: Mount | undefined): boolean {
  return mount?.type === 'tmpfs' && mount.options.includes('noswap');
}

/**
 * @param bytes of plaintext
 * @param files with the directories that they are in
 * @throws NO_SPACE
 */
export function checkSpace(
  bytes: number,
  { kind, free, size, inodes }: FileSystem,
  path: string,
  files = 1,
): void {
  if (inodes !== undefined && files > inodes)
    throw new WeightsealError(
      'NO_SPACE',
      `The plaintext is ${files} files and directories, and ${path} has room for only ${inodes} more; remove what is in it, or mount it with a larger nr_inodes.`,
    );
  if (free === undefined || bytes <= free) return;
  const total = size === undefined ? '' : ` of ${inUnits(size)}`;
  const told = `The plaintext takes ${inUnits(bytes)}, and ${path} has only ${inUnits(free)} free${total}`;
  if (kind === 'other') {
    throw new WeightsealError('NO_SPACE', `${told}; free some, or choose another place.`);
  }
  const docker = kind === 'tmpfs' && size === DOCKER_SHM && path === '/dev/shm';
  const known = docker ? ' (64 MiB is what Docker gives a container unless told)' : '';
  const mend =
    size !== undefined && bytes <= size ? 'remove what is in it, or make it larger' : 'make it larger';
  throw new WeightsealError('NO_SPACE', `${told}${known}; ${mend}. ${tooSmall(bytes)}`);
}
