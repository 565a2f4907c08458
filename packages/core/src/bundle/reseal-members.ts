import { constants, open } from 'node:fs/promises';
import { timingSafeEqual } from '../common/crypto.js';
import { atOnce } from '../engine/at-once.js';
import { digestWhile } from '../engine/copy.js';
import { filesExecutor } from '../engine/files-executor.js';
import type { FileItem, FilesTask } from '../engine/files-task.js';
import { startEncryption } from '../format/floe.js';
import { shown } from '../format/path.js';
import { memberAad, recordAt } from '../format/records.js';
import { release } from '../format/segment.js';
import { FLOE_HEADER } from '../format/sizes.js';
import { closing } from '../io/closing.js';
import { durableFlags, makeDurable } from '../io/output/durable.js';
import { writeAt } from '../io/output/output-file.js';
import type { BundleDirectory } from './bundle-directory.js';
import { type Entry, fileOf } from './entry.js';
import { batchesOf, bySize, itemOf, nameIn } from './jobs.js';
import { memberTampered, openError } from './member-error.js';
import { openPayload } from './member-payload.js';

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;
const LARGE_AT_ONCE = 2;

export interface ResealWork {
  readonly storage: BundleDirectory;
  /** The directory of the new bundle, as threads reach it. */
  readonly to: string;
  readonly records: SharedArrayBuffer;
  /** The new keys, to which what comes of them is added. */
  readonly newRecords: SharedArrayBuffer;
  readonly signal: AbortSignal | undefined;
  readonly progress: (bytes: number) => void;
  /** Told of files that are done. */
  readonly onDone: (done: readonly Entry[]) => Promise<void>;
}

/** Encrypts every payload anew; plaintext stays in the memory of the thread that does it. Public members are copied once they have been compared. */
export async function resealMembers(files: readonly Entry[], work: ResealWork): Promise<void> {
  const { small, large } = bySize(files);
  const { storage, to, records, newRecords, signal, progress, onDone } = work;
  await atOnce(large, LARGE_AT_ONCE, signal, async (entry) => {
    await resealLarge(entry, work).catch((error: unknown) => {
      throw openError(error, fileOf(entry));
    });
    await onDone([entry]);
  });
  const executor = filesExecutor();
  await atOnce(batchesOf(small), executor.width, signal, async (some) => {
    const task: FilesTask = {
      operation: 'reseal',
      from: storage.from,
      to,
      records,
      newRecords,
      items: some.map(resealedItem),
      flags: durableFlags(),
    };
    await executor.runFiles(task).catch((error: unknown) => {
      throw openError(error, nameIn(some, error));
    });
    await onDone(some);
    progress(some.reduce((sum, { size }) => sum + size, 0));
  });
}

/** What a thread is told of a file, which has one name in both bundles. */
export function resealedItem(entry: Entry): FileItem {
  return { ...itemOf(entry), output: fileOf(entry) };
}

async function resealLarge(entry: Entry, work: ResealWork): Promise<void> {
  const { records, newRecords, signal, progress } = work;
  const file = fileOf(entry);
  const mode = entry.executable ? 0o777 : 0o666;
  const [old, fresh] = [recordAt(records, entry.record), recordAt(newRecords, entry.record)];
  const flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | durableFlags();
  const out = await open(`${work.to}/${file}`, flags, mode);
  await using _out = closing(out);
  fresh.digest.set(old.digest);
  if (entry.kind === 'public') {
    await using source = await work.storage.openMember(file, entry.size);
    const digest = await digestWhile(source, signal, async (bytes, at) => {
      await writeAt(out, bytes, at, shown(file));
      progress(bytes.length);
    });
    if (!timingSafeEqual(digest, old.digest))
      throw memberTampered(file, 'its bytes have another digest than was sealed');
  } else {
    await using payload = await openPayload(entry, work, signal);
    const { segmentLength } = payload.body.segments;
    const { header, message } = startEncryption(fresh.key, memberAad(fresh.id), segmentLength);
    const plan = payload.plan();
    const to = plan.inline ? { emit: true } : { output: { fd: out.fd, offset: FLOE_HEADER } };
    const pass = { operation: 'reseal', newMessage: message, signal, progress, ...to } as const;
    try {
      for await (const { batch, bytes } of payload.run(pass, plan)) {
        if (!bytes) continue;
        await writeAt(out, bytes, FLOE_HEADER + batch.bodyOffset, shown(file));
        release(bytes);
      }
    } catch (error) {
      throw await payload.explain(error, undefined, signal);
    } finally {
      message[Symbol.dispose]();
    }
    fresh.header.set(header);
    await writeAt(out, header, 0, shown(file));
    const items = [{ ...itemOf(entry), fd: out.fd }];
    await filesExecutor().runFiles({
      operation: 'hash',
      from: work.storage.from,
      records: newRecords,
      items,
    });
  }
  await makeDurable(out);
}
