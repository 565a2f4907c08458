import type { FileHandle } from 'node:fs/promises';
import { constants, open } from 'node:fs/promises';
import { timingSafeEqual } from '../common/crypto.js';
import { progressCounter } from '../common/progress.js';
import { atOnce } from '../engine/at-once.js';
import { digestWhile } from '../engine/copy.js';
import { filesExecutor } from '../engine/files-executor.js';
import type { FileItem, FilesOperation } from '../engine/files-task.js';
import { Spares } from '../engine/spares.js';
import { shown } from '../format/path.js';
import { recordAt } from '../format/records.js';
import { release } from '../format/segment.js';
import { durableFlags, makeDurable } from '../io/output/durable.js';
import { writeAt } from '../io/output/output-file.js';
import type { ReadOptions } from '../io/reads.js';
import { type Entry, fileOf, isFile } from './entry.js';
import { batchesOf, bySize, itemOf, nameIn } from './jobs.js';
import { digestMismatch, memberTampered, openError } from './member-error.js';
import { openPayload } from './member-payload.js';
import { plaintextOf } from './select.js';
import type { StoredMembers } from './storage.js';
import type { OpenMembersOptions } from './types.js';

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;

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

/** Opens all of them, small ones in batches, large ones by segments, several at once: writing one file does not scale over cores, writing many does. */
export async function openMembers(entries: readonly Entry[], work: OpenWork): Promise<void> {
  const { small, large } = bySize(entries, isFile);
  const { signal } = work;
  const progress = progressCounter(plaintextOf(entries), work.onProgress);
  const executor = filesExecutor();
  await using spares = new Spares();
  const at = work.storage.atOnce(large, work.records, executor.width, work.digest);
  const how = { width: Math.ceil(executor.width / at.large), reads: at.reads, progress, spares };
  await atOnce(large, at.large, signal, async (entry) => {
    await openLarge(entry, work, how).catch((error: unknown) => {
      throw openError(error, fileOf(entry));
    });
  });
  await atOnce(batchesOf(small), at.small, signal, async (some) => {
    await openSmall(some, work);
    progress(some.reduce((sum, { size }) => sum + size, 0));
  });
}

async function openSmall(
  some: readonly Entry[],
  { storage, records, outputs, digest, signal }: OpenWork,
): Promise<void> {
  const { bytes, ...stored } = await storage.small(some, records, signal);
  const handles: FileHandle[] = [];
  try {
    const items: FileItem[] = [];
    for (const [at, entry] of some.entries()) {
      const handle = await outputs.file?.(entry);
      if (handle) handles.push(handle);
      const to = handle ? { fd: handle.fd } : outputs.directory !== undefined && { output: entry.path };
      items.push({ ...itemOf(entry, bytes?.[at]), ...to });
    }
    const operation: FilesOperation = 'open';
    const { directory, sync } = outputs;
    const task = {
      operation,
      ...stored,
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
  readonly reads: ReadOptions | undefined;
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
  { storage, records, signal }: OpenWork,
  { progress, reads }: Large,
): Promise<void> {
  await using source = await storage.openMember(entry.path, entry.size, signal);
  try {
    const use = async (bytes: Uint8Array, at: number): Promise<void> => {
      if (out) await writeAt(out, bytes, at, shown(entry.path));
      progress(bytes.length);
    };
    const digest = await digestWhile(source, signal, use, reads);
    if (!timingSafeEqual(digest, recordAt(records, entry.record).digest))
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
  { width, reads, progress, spares }: Large,
): Promise<void> {
  await using payload = await openPayload(entry, work, work.signal, reads);
  const wide = payload.plan(work.digest);
  const plan = reads ? wide : { ...wide, width: Math.min(wide.width, width) };
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
