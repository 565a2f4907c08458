import { openFlags } from '../sync-fs.js';

// How a file below a directory is reached: by the main thread (open.ts), and by a thread that opens many (below.ts).

const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0 } = openFlags;
/** open(2): a descriptor of a place, for which no right to read it is needed. */
const O_PATH = 0o10000000;

/** How a directory on the way is opened. */
export const REACH: number = O_RDONLY | O_PATH | O_DIRECTORY | O_NOFOLLOW;

/** Where the files of a bundle are. */
export interface Stored {
  /** Its directory, as threads reach it. */
  readonly from: string;
  /** Where that is a snapshot in the cache of huggingface_hub: the directory of the blobs, which its links lead to. */
  readonly blobs?: string | undefined;
}

/** Whether each name on the way can be opened in the one before it: where the directory itself is reached by its descriptor. */
export function byDescriptors(from: string): boolean {
  return from.startsWith('/proc/self/fd/');
}

export function ofDescriptor(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** Whether open(2) says so of a link, where it is not to follow one. */
export function saysLink(error: unknown): boolean {
  return ['ELOOP', 'EMLINK'].includes(String((error as NodeJS.ErrnoException).code));
}

/**
 * FORMAT.md §24.5: the name of the blob that a link leads to, by its text alone: `../` as often as leads from the file `path` of a snapshot to its repository, `blobs/`, and one
 * name. Undefined for every other link.
 */
export function blobOf(link: string, path: string): string | undefined {
  const before = `${'../'.repeat(path.split('/').length + 1)}blobs/`;
  const name = link.startsWith(before) ? link.slice(before.length) : '';
  return name === '' || name === '.' || name === '..' || name.includes('/') ? undefined : name;
}
