import { atOnce } from '../engine/at-once.js';
import { filesExecutor } from '../engine/files-executor.js';
import type { FilesTask } from '../engine/files-task.js';
import type { Stored } from '../io/below/rules.js';
import { type Entry, isFile } from './entry.js';
import { itemOf, nameIn } from './jobs.js';
import { openError } from './member-error.js';

/** Files that are only looked at: that many take no longer than one that is read. */
const LOOKS = 256;

/** Looks, before any plaintext appears, whether all are there, regular files, and of their length. @throws MEMBER_MISSING, MEMBER_TAMPERED */
export async function lookAt(
  entries: readonly Entry[],
  { from, blobs }: Stored,
  records: SharedArrayBuffer,
  signal: AbortSignal | undefined,
): Promise<void> {
  const executor = filesExecutor();
  await atOnce(chunksOf(entries), executor.width, signal, async (some) => {
    const items = some.map((entry) => itemOf(entry));
    const task: FilesTask = { operation: 'look', from, blobs, records, items };
    await executor.runFiles(task).catch((error: unknown) => {
      throw openError(error, nameIn(some, error));
    });
  });
}

function* chunksOf(entries: readonly Entry[]): Generator<readonly Entry[]> {
  for (let from = 0; from < entries.length; from += LOOKS) {
    const some = entries.slice(from, from + LOOKS).filter(isFile);
    if (some.length > 0) yield some;
  }
}
