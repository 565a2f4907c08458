import type { FileItem } from '../engine/files-task.js';
import { TaskError } from '../engine/task.js';
import { type Entry, fileOf } from './entry.js';

/** Files up to this size are done whole by one thread; larger ones by segments, on as many as there are. */
export const WHOLE: number = 4 * 1_048_576;
/** How many files, and bytes of them, a task has: enough that the message between threads is small beside it. */
export const MOST_FILES = 64;
const MOST_BYTES = 8 * 1_048_576;

/** Small files in batches, each for one task. */
export function* batchesOf<T extends Pick<FileItem, 'size'>>(
  items: Iterable<T>,
  most: number = MOST_FILES,
): Generator<T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const item of items) {
    if (batch.length === most || (batch.length > 0 && bytes + item.size > MOST_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += item.size;
  }
  if (batch.length > 0) yield batch;
}

/** The small ones as they come, none of them kept, and the large ones largest first: so that no thread is left alone with the longest at the end. */
export function bySize<T extends Pick<FileItem, 'size'>>(
  items: readonly T[],
  isOne: (item: T) => boolean = () => true,
): { small: Iterable<T>; large: T[] } {
  const large = items.filter((item) => item.size > WHOLE && isOne(item)).sort((a, b) => b.size - a.size);
  return { small: smallOf(items, isOne), large };
}

function* smallOf<T extends Pick<FileItem, 'size'>>(
  items: readonly T[],
  isOne: (item: T) => boolean,
): Generator<T> {
  for (const item of items) if (item.size <= WHOLE && isOne(item)) yield item;
}

/** What a thread is told of a member that is stored. @param bytes where it has been brought into memory */
export function itemOf(entry: Entry, bytes?: Uint8Array): FileItem {
  const { kind, size, executable, record } = entry;
  const item = { plain: kind === 'public', input: fileOf(entry), size, executable, record };
  return bytes ? { ...item, inputBytes: bytes } : item;
}

/** The file of the member that a task has failed with. */
export function nameIn(some: readonly Entry[], error: unknown): string {
  const { item = 0 } = error instanceof TaskError ? error.failure : {};
  return fileOf(some[item]!);
}
