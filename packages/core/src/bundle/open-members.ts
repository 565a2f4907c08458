import type { FileHandle } from 'node:fs/promises';
import { constants, open } from 'node:fs/promises';
import { timingSafeEqual } from '../common/crypto.js';
import { progressCounter } from '../common/progress.js';
import { atOnce } from '../engine/at-once.js';
import { digestWhile } from '../engine/copy.js';
import { filesExecutor } from '../engine/files-executor.js';
import type { FileItem, FilesOperation, FilesTask } from '../engine/files-task.js';
import { planFor } from '../engine/pass.js';
import { Spares } from '../engine/spares.js';
import { TaskError } from '../engine/task.js';
import { recordAt } from '../format/records.js';
import { release } from '../format/segment.js';
import { durableFlags, makeDurable } from '../io/output/durable.js';
import { writeAt } from '../io/output/output-file.js';
import { type Entry, fileOf, isFile } from './entry.js';
import { batchesOf, bySize } from './jobs.js';
import { shown } from './line.js';
import { digestMismatch, memberTampered, openError } from './member-error.js';
import { openMemberFile, openPayload, type StoredMembers } from './member-payload.js';
import { plaintextOf } from './select.js';
import type { OpenMembersOptions } from './types.js';

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;
/** Files that are only looked at: that many take no longer than one that is read. */
const LOOKS = 256;

/** Where members go: a directory that threads write into by themselves, files that the caller opens, or nowhere. */
export interface Outputs {
  readonly directory?: string;
  readonly file?: (entry: Entry) => Promise<FileHandle>;
  /** Whether each file is made durable by itself. */
  readonly sync: boolean;
}

export interface OpenWork extends StoredMembers, Pick<OpenMembersOptions, 'signal' | 'onProgress'> {
  readonly outputs: Outputs;
  readonly digest: boolean;
}

/** Looks, before any plaintext appears, whether all are there, regular files, and of their length. @throws MEMBER_MISSING, MEMBER_TAMPERED */
export async function lookAt(
  entries: readonly Entry[],
  { from, blobs, records, signal }: Omit<OpenWork, 'outputs' | 'digest'>,
): Promise<void> {
  const executor = filesExecutor();
  await atOnce(chunksOf(entries), executor.width, signal, async (some) => {
    const task: FilesTask = { operation: 'look', from, blobs, records, items: some.map(itemOf) };
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

function itemOf(entry: Entry): FileItem {
  const { kind, size, executable, record } = entry;
  return { plain: kind === 'public', input: fileOf(entry), size, executable, record };
}

function nameIn(some: readonly Entry[], error: unknown): string {
  const { item = 0 } = error instanceof TaskError ? error.failure : {};
  return fileOf(some[item]!);
}

/** Opens all of them, small ones in batches, large ones by segments, several at once: writing one file does not scale over cores, writing many does. */
export async function openMembers(entries: readonly Entry[], work: OpenWork): Promise<void> {
  const { small, large } = bySize(entries, isFile);
  const { signal } = work;
  const progress = progressCounter(plaintextOf(entries), work.onProgress);
  const executor = filesExecutor();
  await using spares = new Spares();
  const atATime = Math.max(1, Math.min(large.length, Math.ceil(executor.width / 2)));
  await atOnce(large, atATime, signal, async (entry) => {
    const how = { width: Math.ceil(executor.width / atATime), progress, spares };
    await openLarge(entry, work, how).catch((error: unknown) => {
      throw openError(error, fileOf(entry));
    });
  });
  await atOnce(batchesOf(small), executor.width, signal, async (some) => {
    await openSmall(some, work);
    progress(some.reduce((sum, { size }) => sum + size, 0));
  });
}

async function openSmall(
  some: readonly Entry[],
  { from, blobs, records, outputs, digest }: OpenWork,
): Promise<void> {
  const handles: FileHandle[] = [];
  try {
    const items: FileItem[] = [];
    for (const entry of some) {
      const handle = await outputs.file?.(entry);
      if (handle) handles.push(handle);
      const to = handle ? { fd: handle.fd } : outputs.directory !== undefined && { output: entry.path };
      items.push({ ...itemOf(entry), ...to });
    }
    const operation: FilesOperation = 'open';
    const { directory, sync } = outputs;
    const task = {
      operation,
      from,
      blobs,
      records,
      items,
      digest,
      sync,
      flags: durableFlags(),
      ...(directory !== undefined && { to: directory }),
    };
    await filesExecutor()
      .runFiles(task)
      .catch((error: unknown) => {
        throw openError(error, nameIn(some, error));
      });
  } finally {
    await Promise.all(handles.map((handle) => handle.close()));
  }
}

async function outputOf(entry: Entry, { directory, file }: Outputs): Promise<FileHandle | undefined> {
  if (file) return await file(entry);
  if (directory === undefined) return undefined;
  const flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | durableFlags();
  const out = await open(`${directory}/${entry.path}`, flags, entry.executable ? 0o700 : 0o600);
  // The length first: only within it does a file system in memory give huge pages. Others need not have it.
  await out.truncate(entry.size).catch(() => {});
  return out;
}

interface Large {
  /** How many tasks of one file are under way at once. */
  readonly width: number;
  readonly progress: (bytes: number) => void;
  readonly spares: Spares;
}

async function openLarge(entry: Entry, work: OpenWork, how: Large): Promise<void> {
  const out = await outputOf(entry, work.outputs);
  try {
    if (entry.kind === 'public') await copyPublic(entry, out, work, how);
    else await decrypt(entry, out, work, how);
    if (out && work.outputs.sync) await makeDurable(out);
  } finally {
    await out?.close();
  }
}

async function copyPublic(
  entry: Entry,
  out: FileHandle | undefined,
  { signal, ...stored }: OpenWork,
  { progress }: Large,
): Promise<void> {
  await using source = await openMemberFile(entry.path, stored, entry.size);
  try {
    const digest = await digestWhile(source, signal, async (bytes, at) => {
      if (out) await writeAt(out, bytes, at, shown(entry.path));
      progress(bytes.length);
    });
    if (!timingSafeEqual(digest, recordAt(stored.records, entry.record).digest))
      throw memberTampered(entry.path, 'its bytes have another digest than was sealed');
  } catch (error) {
    // They may be in the caller's own directory by now, where what an early end leaves is authentic.
    await out?.truncate(0).catch(() => {});
    throw error;
  }
}

async function decrypt(
  entry: Entry,
  out: FileHandle | undefined,
  work: OpenWork,
  { width, progress, spares }: Large,
): Promise<void> {
  await using payload = await openPayload(entry, work);
  const { segmentLength } = payload.body.segments;
  const wide = planFor(segmentLength, entry.size, work.digest || !payload.body.source);
  const plan = { ...wide, width: Math.min(wide.width, width) };
  const digest = work.digest ? spares.digest(plan) : undefined;
  const direct = out && !plan.inline ? { output: { fd: out.fd, offset: 0 } } : { emit: out !== undefined };
  const pass = { operation: 'open', digest, signal: work.signal, progress, ...direct } as const;
  try {
    for await (const { batch, bytes } of payload.run(pass, plan, spares)) {
      if (!bytes || !out) continue;
      await writeAt(out, bytes, batch.plainOffset, shown(entry.path));
      release(bytes);
    }
    const expected = Buffer.from(recordAt(work.records, entry.record).digest).toString('hex');
    if (digest && (await digest.finish()) !== `sha256:${expected}`) throw digestMismatch(fileOf(entry));
  } catch (error) {
    throw await payload.explain(error, undefined, work.signal);
  } finally {
    await digest?.end();
  }
}
