/** What plaintext takes of a file system, and of memory. */
export interface Need {
  /** Bytes, as the file system counts them. */
  readonly bytes: number;
  /** Files, directories and links; one unless told. */
  readonly files?: number | undefined;
}

const PAGE = 4096;
/** What the kernel keeps of each file and its name besides its pages, which control groups count too. */
const INODE = 1_024;

/** What files in memory take: whole pages each, and what the kernel keeps of each. */
export function needOf(sizes: readonly number[], others: number): Need {
  const pages = sizes.reduce((sum, size) => sum + Math.ceil(size / PAGE), 0);
  const files = sizes.length + others;
  return { bytes: pages * PAGE + files * INODE, files };
}
