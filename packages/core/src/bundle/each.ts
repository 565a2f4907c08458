import { atOnce } from '../engine/at-once.js';
import { filesExecutor } from '../engine/files-executor.js';
import type { FileItem, FilesOperation } from '../engine/files-task.js';
import { TaskError } from '../engine/task.js';
import { type Entry, fileOf } from './entry.js';
import { batchesOf, bySize } from './jobs.js';

export interface Looking {
  readonly records: SharedArrayBuffer;
  readonly itemOf: (entry: Entry) => FileItem;
  readonly signal: AbortSignal | undefined;
}

/** Does one thing with each of the files, on the pool's threads, and says of each how it went. */
export async function each(
  entries: readonly Entry[],
  { records, itemOf, signal }: Looking,
  operation: FilesOperation,
  from: string,
  tell: (entry: Entry, failed: TaskError | undefined) => void,
): Promise<void> {
  const executor = filesExecutor();
  const { small, large } = bySize(entries);
  const batches = [...large.map((entry) => [entry]), ...batchesOf(small)];
  await atOnce(batches, executor.width, signal, async (some) => {
    for (let left: readonly Entry[] = some; left.length > 0; ) {
      const items = left.map((entry) => ({
        ...itemOf(entry),
        ...(operation === 'check' && { input: fileOf(entry) }),
      }));
      const failure = await executor.runFiles({ operation, from, records, items }).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure !== undefined && !(failure instanceof TaskError)) throw failure;
      const good = failure ? (failure.failure.item ?? 0) : left.length;
      for (const entry of left.slice(0, good)) tell(entry, undefined);
      if (failure) tell(left[good]!, failure);
      left = left.slice(good + 1);
    }
  });
}
