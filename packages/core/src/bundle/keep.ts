import { constants, copyFile, link, rm } from 'node:fs/promises';
import { randomFillSync } from '../common/crypto.js';
import type { FileItem, Identity } from '../engine/files-task.js';
import { isWeightsealError } from '../errors.js';
import { view } from '../format/bytes.js';
import { type MemberRecord, recordAt } from '../format/records.js';
import { byDescriptors, ofDescriptor } from '../io/below/rules.js';
import { FileSource } from '../io/byte-source.js';
import { readAhead } from '../store/read-ahead.js';
import { alikeIn } from './alike.js';
import { BundleDirectory } from './bundle-directory.js';
import { each, type Looking } from './each.js';
import { type Entry, fileOf } from './entry.js';
import type { Done } from './journal-record.js';
import { fileSizeOf } from './member-payload.js';
import { type BundleGiven, openStorage } from './open-storage.js';
import type { BundleStorage } from './storage.js';
import type { UnlockBundleOptions } from './unlock.js';
import { writeNew } from './write-new.js';

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

export function takeOver(to: MemberRecord, from: MemberRecord): void {
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
  bundle: BundleGiven,
  options: UnlockBundleOptions,
  work: Keeping,
): Promise<Entry[]> {
  await using storage = await openStorage(bundle, { cached: true, signal: options.signal });
  using alike = await alikeIn(storage, files, options, work);
  const brought: Entry[] = [];
  for (const { entry, same } of alike.pairs) {
    const size = fileSizeOf(same, alike.records);
    const to = `${work.to}/${fileOf(entry)}`;
    if (!(await bring(storage, fileOf(same), size, to, work.signal))) continue;
    takeOver(recordAt(work.records, entry.record), recordAt(alike.records, same.record));
    brought.push(entry);
  }
  const sound = new Set(await onlySound(brought, work, work.to));
  for (const entry of brought)
    if (!sound.has(entry)) await rm(`${work.to}/${fileOf(entry)}`, { force: true });
  return [...sound];
}

async function bring(
  storage: BundleStorage,
  file: string,
  size: number,
  to: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  // What is no file, or another one, would be copied for ever, or waited for.
  await using source = await storage.openMember(file, size, signal).catch((error: unknown) => {
    if (isWeightsealError(error) && error.class === 'integrity') return undefined;
    throw error;
  });
  if (!source) return false;
  if (storage instanceof BundleDirectory && source instanceof FileSource)
    return await linkOrCopy(storage, source, file, to);
  await writeNew(to, async (write) => {
    let at = 0;
    for await (const piece of readAhead(source, 0, size, signal)) {
      await write(piece, at);
      at += piece.length;
    }
  });
  return true;
}

/** By a hard link; else by a reflink or a copy, as the file system can. False where it is not to be had. */
async function linkOrCopy(
  root: BundleDirectory,
  source: FileSource,
  file: string,
  to: string,
): Promise<boolean> {
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
