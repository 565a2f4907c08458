import type { BigIntStats } from 'node:fs';

export type InodeId = Pick<BigIntStats, 'dev' | 'ino'>;

/** An inode, as /proc/PID/maps writes it: `fd:00 131`. */
export function keyOf({ dev, ino }: InodeId): string {
  // makedev(3) of glibc, which is what stat(2) gives.
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  const hex = (value: bigint) => value.toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor)} ${ino}`;
}
