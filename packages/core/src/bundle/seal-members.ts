import { constants, type FileHandle, open } from 'node:fs/promises';
import { atOnce } from '../engine/at-once.js';
import { digestWhile } from '../engine/copy.js';
import { filesExecutor } from '../engine/files-executor.js';
import type { FileItem, FilesTask } from '../engine/files-task.js';
import { type Pass, planFor, runPass } from '../engine/pass.js';
import { batches } from '../engine/plan.js';
import { Spares } from '../engine/spares.js';
import { TaskError } from '../engine/task.js';
import { type FloeMessage, startEncryption } from '../format/floe.js';
import { shown } from '../format/path.js';
import { memberAad, recordAt } from '../format/records.js';
import { release } from '../format/segment.js';
import { FLOE_HEADER, segmentsOfPlaintext } from '../format/sizes.js';
import { FileSource, inputChanged, loadRange } from '../io/byte-source.js';
import { closing } from '../io/closing.js';
import { durableFlags, makeDurable } from '../io/output/durable.js';
import { writeAt } from '../io/output/output-file.js';
import type { Entry } from './entry.js';
import { batchesOf, bySize } from './jobs.js';
import { sealError } from './member-error.js';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
/** How many large files at once: the digest of each is one thread's work. */
const LARGE_AT_ONCE = 3;

export interface SealWork {
  /** The directories of plaintext and bundle, as threads reach them. */
  readonly from: string;
  readonly to: string;
  readonly records: SharedArrayBuffer;
  /** What a thread is told of a file. Made when its turn comes: there may be a million of them. */
  readonly itemOf: (entry: Entry) => FileItem;
  readonly segmentLength: number;
  /** Whether each file is made durable by itself. */
  readonly sync: boolean;
  readonly signal: AbortSignal | undefined;
  readonly progress: (bytes: number) => void;
  /** Told of files that have been sealed. */
  readonly onDone: (done: readonly Entry[]) => Promise<void>;
}

/** Seals all files, small ones in batches on the pool's threads, large ones by segments. */
export async function sealMembers(files: readonly Entry[], work: SealWork): Promise<void> {
  const { small, large } = bySize(files);
  const { signal, progress } = work;
  await using spares = new Spares();
  await atOnce(large, LARGE_AT_ONCE, signal, async (entry) => {
    try {
      await sealLarge(work.itemOf(entry), work, spares);
      await work.onDone([entry]);
    } catch (error) {
      throw sealError(error, entry.path);
    }
  });
  const executor = filesExecutor();
  await atOnce(batchesOf(small), executor.width, signal, async (some) => {
    try {
      await executor.runFiles(taskOf('seal', some.map(work.itemOf), work));
    } catch (error) {
      const { item = 0 } = error instanceof TaskError ? error.failure : {};
      throw sealError(error, some[item]!.path);
    }
    await work.onDone(some);
    progress(some.reduce((sum, { size }) => sum + size, 0));
  });
}

function taskOf(operation: 'seal' | 'hash', items: readonly FileItem[], work: SealWork): FilesTask {
  const { from, to, records, segmentLength, sync } = work;
  return { operation, from, to, records, items, segmentLength, sync, flags: durableFlags() };
}

/** A file that is to be sealed, as it was found. @throws INPUT_CHANGED, and what open(2) says */
export async function openPlain(item: FileItem, from: string): Promise<FileSource> {
  const { input } = item;
  const path = input.startsWith('/') ? input : `${from}/${input}`;
  const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const source = await FileSource.of(shown(input), handle);
    await checkIdentity(source, item);
    return source;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function sealLarge(item: FileItem, work: SealWork, spares: Spares): Promise<void> {
  const { output, record: index, executable, plain } = item;
  await using source = await openPlain(item, work.from);
  const flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | durableFlags();
  const out = await open(`${work.to}/${output}`, flags, executable ? 0o777 : 0o666);
  await using _out = closing(out);
  const record = recordAt(work.records, index);
  if (plain) {
    record.digest.set(
      await digestWhile(source, work.signal, async (bytes, at) => {
        await writeAt(out, bytes, at, shown(output!));
        work.progress(bytes.length);
      }),
    );
  } else {
    const { header, message } = startEncryption(record.key, memberAad(record.id), work.segmentLength);
    try {
      record.digest.set(await encrypt(source, out, message, work, spares));
    } finally {
      message[Symbol.dispose]();
    }
    record.header.set(header);
    await writeAt(out, header, 0, shown(output!));
    await filesExecutor().runFiles(taskOf('hash', [{ ...item, fd: out.fd }], work));
  }
  if (work.sync) await makeDurable(out);
  await checkIdentity(source, item);
}

async function encrypt(
  source: FileSource,
  out: FileHandle,
  message: FloeMessage,
  work: SealWork,
  spares: Spares,
): Promise<Uint8Array> {
  const { segmentLength, signal, progress } = work;
  const plan = planFor(segmentLength, source.size, true);
  const digest = spares.digest(plan);
  const to = plan.inline
    ? { emit: true }
    : { input: { fd: source.fd, offset: 0 }, output: { fd: out.fd, offset: FLOE_HEADER } };
  const load: Pass['load'] = (batch, slot, stop) =>
    loadRange(source, batch.plainOffset, new Uint8Array(slot, 0, batch.plainLength), stop);
  const pass = {
    operation: 'seal',
    message,
    digest,
    signal,
    progress,
    ...to,
    ...(plan.inline && { load }),
  } as const;
  const all = batches(segmentsOfPlaintext(source.size, segmentLength), plan.batchCount);
  try {
    const slots = spares.slots(plan, message);
    for await (const { batch, bytes } of runPass(pass, plan, all, slots)) {
      if (!bytes) continue;
      await writeAt(out, bytes, FLOE_HEADER + batch.bodyOffset, 'the output');
      release(bytes);
    }
    spares.give(slots);
    return Buffer.from((await digest.finish()).slice('sha256:'.length), 'hex');
  } finally {
    await digest.end();
  }
}

/** @throws INPUT_CHANGED for another file than was found */
export async function checkIdentity(
  source: FileSource,
  { identity }: Pick<FileItem, 'identity'>,
): Promise<void> {
  const { dev, ino, size, mtimeNs } = await source.stat();
  const is = identity!;
  if (dev === is.dev && ino === is.ino && size === is.size && mtimeNs === is.mtimeNs) return;
  throw inputChanged(source.path);
}
