import { constants, copyFile, link, rm } from 'node:fs/promises';
import { randomFillSync } from '../common/crypto.js';
import { atOnce } from '../engine/at-once.js';
import { filesExecutor } from '../engine/files-executor.js';
import type { FileItem, FilesOperation, Identity } from '../engine/files-task.js';
import { TaskError } from '../engine/task.js';
import { view } from '../format/bytes.js';
import { type MemberRecord, payloadSize, recordAt } from '../format/records.js';
import { byDescriptors, ofDescriptor } from '../io/below/rules.js';
import { BundleDirectory } from './bundle-directory.js';
import { type Entry, fileOf } from './entry.js';
import { batchesOf, bySize } from './jobs.js';
import type { Done } from './journal-record.js';
import { sealError } from './member-error.js';
import { openMemberFile } from './member-file.js';
import { type UnlockBundleOptions, unlockBundle } from './unlock.js';

// Payloads that need not be sealed, since they are there: of a seal that was killed, or of an older version. Each is compared, byte for byte, with what is remembered of it: FORMAT.md §21.5.

export interface Keeping {
  /** The directories of plaintext, and of the bundle to be. */
  readonly from: string;
  readonly to: string;
  readonly records: SharedArrayBuffer;
  readonly segmentLength: number;
  readonly itemOf: (entry: Entry) => FileItem;
  readonly signal: AbortSignal | undefined;
}

type Looking = Pick<Keeping, 'records' | 'itemOf' | 'signal'>;

const { COPYFILE_EXCL, COPYFILE_FICLONE } = constants;
const RANDOM_NAME = /^[0-9a-f]{32}\.sealed$/;

/**
 * The files that an earlier one had done, of these: the entries to take instead.
 *
 * @param isSame whether what is to be sealed is what it was
 */
export async function resumeFiles(
  files: readonly Entry[],
  done: readonly Done[],
  work: Looking & Pick<Keeping, 'to'>,
  isSame: (entry: Entry, done: Done) => boolean,
): Promise<Entry[]> {
  const before = new Map(done.map((one) => [one.entry.path, one]));
  const candidates: Entry[] = [];
  for (const entry of files) {
    const one = before.get(entry.path);
    if (!one || entry.kind !== one.entry.kind || entry.size !== one.entry.size || !isSame(entry, one))
      continue;
    takeOver(recordAt(work.records, entry.record), one.record);
    candidates.push({ ...entry, payload: one.entry.payload });
  }
  return await onlySound(candidates, work, work.to);
}

/** Of a seal: the file is what it was when it was sealed, and would be sealed in the same way. */
export function isUnchanged(
  entry: Entry,
  { entry: old, identity, record }: Done,
  { itemOf, segmentLength }: Pick<Keeping, 'itemOf' | 'segmentLength'>,
): boolean {
  if (entry.kind === 'sealed' && view(record.header).getUint32(2) !== segmentLength) return false;
  // A random name is as good as another; all others must be the same.
  const random = entry.payload !== undefined && RANDOM_NAME.test(old.payload ?? '');
  return (random || entry.payload === old.payload) && isIdentity(itemOf(entry).identity!, identity);
}

function isIdentity(a: Identity, b: Identity): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

function takeOver(to: MemberRecord, from: MemberRecord): void {
  for (const name of ['key', 'id', 'header', 'digest', 'sealedDigest'] as const) to[name].set(from[name]);
}

/** Those whose file is what its record says. The others get a new key: they are sealed. */
async function onlySound(entries: readonly Entry[], work: Looking, at: string): Promise<Entry[]> {
  const sound: Entry[] = [];
  await each(entries, work, 'check', at, (entry, failed) => {
    if (!failed) sound.push(entry);
    else {
      const { key, id } = recordAt(work.records, entry.record);
      randomFillSync(key);
      randomFillSync(id);
    }
  });
  return sound;
}

/** Files that another bundle has too: their payloads are brought here. */
export async function reuseFiles(
  files: readonly Entry[],
  bundle: string,
  options: UnlockBundleOptions,
  work: Keeping,
): Promise<Entry[]> {
  await using root = await BundleDirectory.open(bundle, { cached: true });
  const { table } = await unlockBundle(root, options);
  using old = table;
  const sizes = new Set<number>();
  const payloads = new Map<string, Entry>();
  for (const entry of old.entries) {
    if (entry.kind !== 'sealed') continue;
    sizes.add(entry.size);
    payloads.set(contentOf(entry, old.records), entry);
  }
  const alike = files.filter(({ kind, size }) => kind === 'sealed' && sizes.has(size));
  await each(alike, work, 'digest', work.from, (entry, failed) => {
    if (failed) throw sealError(failed, entry.path);
  });
  const brought: Entry[] = [];
  for (const entry of alike) {
    const same = payloads.get(contentOf(entry, work.records));
    if (!same) continue;
    const was = recordAt(old.records, same.record);
    const size = payloadSize(same.size, view(was.header).getUint32(2));
    if (!(await bring(root, fileOf(same), size, `${work.to}/${fileOf(entry)}`))) continue;
    takeOver(recordAt(work.records, entry.record), was);
    brought.push(entry);
  }
  const sound = new Set(await onlySound(brought, work, work.to));
  for (const entry of brought)
    if (!sound.has(entry)) await rm(`${work.to}/${fileOf(entry)}`, { force: true });
  return [...sound];
}

function contentOf({ size, record }: Entry, records: SharedArrayBuffer): string {
  return `${size} ${Buffer.from(recordAt(records, record).digest).toString('hex')}`;
}

/** By a hard link; else by a reflink or a copy, as the file system can. False where it is not to be had. */
async function bring(root: BundleDirectory, file: string, size: number, to: string): Promise<boolean> {
  // What is no file, or another one, would be copied for ever, or waited for.
  await using source = await openMemberFile(file, root, size).catch(() => undefined);
  if (!source) return false;
  const path = `${root.from}/${file}`;
  // The blobs of a cache are not to be those of a bundle as well.
  const linked = root.blobs === undefined && (await succeeds(link(path, to)));
  const from = byDescriptors(root.from) ? ofDescriptor(source.fd) : path;
  return linked || (await succeeds(copyFile(from, to, COPYFILE_EXCL | COPYFILE_FICLONE)));
}

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

/** Does one thing with each of the files, on the pool's threads, and says of each how it went. */
async function each(
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
