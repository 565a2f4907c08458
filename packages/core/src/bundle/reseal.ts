import { stat } from 'node:fs/promises';
import { checkPath } from '../common/arguments.js';
import { createHash } from '../common/crypto.js';
import { type OnProgress, progressCounter } from '../common/progress.js';
import { warmForFiles } from '../engine/files-executor.js';
import { ioError, throwIfAborted } from '../errors.js';
import { type Recipient, recipientOf } from '../file/inspect.js';
import { recipientsAfter } from '../file/reseal-rules.js';
import { view } from '../format/bytes.js';
import { ENVELOPE_NAME } from '../format/path.js';
import { freshRecords, type MemberRecord, recordAt } from '../format/records.js';
import { followLinks } from '../io/follow-links.js';
import { openLocked } from '../io/lock/file-lock.js';
import type { Directory } from '../io/output/directory.js';
import { OutputDirectory } from '../io/output/output-directory.js';
import { checkChange } from '../keys/recipients.js';
import { checkRelease, type ReleaseOptions } from '../release/manifest-head.js';
import { isLocation, type StoreLocation } from '../store/location.js';
import { BundleDirectory } from './bundle-directory.js';
import { type Entry, fileOf, isFile } from './entry.js';
import { readEnvelope } from './head.js';
import { Journal } from './journal.js';
import { type Done, NO_IDENTITY } from './journal-record.js';
import { resumeFiles } from './keep.js';
import { openBundle } from './open.js';
import type { BundleGiven } from './open-storage.js';
import { releaseAfterBundle } from './previous.js';
import { type ResealWork, resealedItem, resealMembers } from './reseal-members.js';
import { resealToStore } from './reseal-to-store.js';
import { checkStill } from './rewrap.js';
import { BundleSealer } from './sealer.js';
import { plaintextOf } from './select.js';
import { makeDirectories, removeOthers, syncBundle, writeDocuments } from './staging.js';
import { sweepJournals } from './sweep.js';
import { Table } from './table.js';
import type { RewrapBundleOptions } from './types.js';
import { unlockBundle } from './unlock.js';

export interface ResealBundleOptions extends RewrapBundleOptions {
  /** Counts every byte twice: once encrypted, once verified. */
  readonly onProgress?: OnProgress | undefined;
  /**
   * Whether to go on with a reseal of this very bundle, for the same recipients, that was killed: payloads that it had done are compared byte for byte with what it remembers, and not
   * encrypted again. The default is true; else what that one had done is removed.
   */
  readonly resume?: boolean | undefined;
  /** A place in a store, below which nothing is yet: the new bundle comes there, as a stream, and the old one stays. What is in a store is always resealed so. Every byte is counted once then. */
  readonly output?: StoreLocation | undefined;
  /** What its people call the new release. */
  readonly release?: ReleaseOptions | undefined;
}

export interface ResealedBundle {
  /** The new bundle's random id, 16 bytes in hexadecimal. */
  readonly id: string;
  readonly recipients: readonly Recipient[];
  readonly members: number;
  /** Bytes of plaintext. */
  readonly size: number;
  /** How many files a reseal that was killed had done already. */
  readonly resumed: number;
}

const PERMISSIONS = 0o777;

/**
 * Gives a bundle a new data key, and every payload a new key: all is decrypted and encrypted anew in memory, beside the old bundle, which stays as it is until the new one has been verified
 * from its first byte to its last. Whoever had the old keys cannot open the new bundle. FORMAT.md §25.4. Waits for another seal or reseal of it to end.
 *
 * @throws RECIPIENT_REQUIRED when a recipient would silently be lost, MEMBER_EXTRA for what would be lost with the old directory, and what sealing and opening throw
 */
export async function resealBundle(
  given: BundleGiven,
  options: ResealBundleOptions,
): Promise<ResealedBundle> {
  checkChange(options, 'resealBundle');
  checkRelease(options.release);
  if (isLocation(given) || options.output !== undefined) return await resealToStore(given, options);
  const path = await whereIs(checkPath(given, 'The bundle'));
  const { signal, hedgeMs, resume = true } = options;
  await checkIsBundle(path);
  await sweepJournals();
  await using opened = await Journal.open(path, signal, options.onWait);
  await using root = await BundleDirectory.open(path, { forFiles: 'reseal' });
  await using locked = await openLocked(root.directory.at(ENVELOPE_NAME), false, options);
  // Before a key is asked: whether the new one can be made there.
  await using out = await OutputDirectory.create(path, {
    overwrite: true,
    mode: (await stat(root.from)).mode & PERMISSIONS,
    content: 'sealed',
    resumable: opened !== undefined,
  });
  const journal = out.resumable ? opened : undefined;
  warmForFiles();
  const { document } = await readEnvelope(root);
  const old = await unlockBundle(root, { ...options, whole: true });
  using oldTable = old.table;
  const { entries } = oldTable;
  await root.findExtra(entries, false);
  const { core, slots } = old.envelope;
  const { context } = core;
  const keys = recipientsAfter(slots, options);
  const source = createHash('sha256').update(document).digest();
  using begun = await BundleSealer.begin(
    { keys, context, signal },
    journal,
    { keys, context, source, signal },
    resume,
  );
  const { sealer, done } = begun;
  using table = new Table(entries, freshRecords(entries.filter(isFile).length));
  const progress = progressCounter(2 * plaintextOf(entries), options.onProgress);
  out.begin();
  const work = {
    storage: root,
    to: out.place.path,
    records: oldTable.records,
    newRecords: table.records,
    signal,
    progress,
  };
  const resumed = await resealFiles(out.place, entries, work, done, journal);
  const release = await releaseAfterBundle(options.release, root, old.envelope, signal);
  await writeDocuments(out.place, sealer, table, old.metadata, release);
  await using written = await openBundle(out.place.path, { keys, context, signal, hedgeMs });
  let told = 0;
  await written.verify({
    signal,
    onProgress: ({ bytes }) => {
      progress(bytes - told);
      told = bytes;
    },
  });
  throwIfAborted(signal);
  // What takes long comes before the last look: a rewrap or another bundle meanwhile must not be undone.
  await syncBundle(out.place, entries);
  await checkStill(locked.file, document);
  await out.publish();
  return {
    id: Buffer.from(sealer.core.id).toString('hex'),
    recipients: sealer.slots.map(recipientOf),
    members: entries.length,
    size: plaintextOf(entries),
    resumed,
  };
}

/** What the links at the end of the path lead to, also where a reseal was killed while the bundle stood beside its name. */
async function whereIs(given: string): Promise<string> {
  return await followLinks(given).catch(async (error: unknown) => {
    await OutputDirectory.settle(given).catch(() => {});
    return await followLinks(given).catch(() => {
      throw ioError(error, `open ${given}`);
    });
  });
}

/** What is no bundle gets no lock and no journal. */
async function checkIsBundle(path: string): Promise<void> {
  await using root = await BundleDirectory.open(path, { forFiles: 'reseal' });
  await readEnvelope(root);
}

/** Keeps what was done before, and encrypts the rest anew. Returns how many files were kept. */
async function resealFiles(
  place: Directory,
  entries: readonly Entry[],
  work: Omit<ResealWork, 'onDone'>,
  done: readonly Done[],
  journal: Journal | undefined,
): Promise<number> {
  const { to, records, newRecords, signal, progress } = work;
  const files = entries.filter(isFile);
  const resumed = await resumeFiles(
    files,
    done,
    { to, records: newRecords, itemOf: resealedItem, signal },
    (entry, one) => isOf(entry, recordAt(records, entry.record), one),
  );
  const kept = new Set(resumed.map(fileOf));
  await removeOthers(place, kept);
  await makeDirectories(place, entries);
  progress(plaintextOf(resumed));
  const doneOf = (entry: Entry): Done => ({
    entry,
    identity: NO_IDENTITY,
    record: recordAt(newRecords, entry.record),
  });
  const onDone = async (some: readonly Entry[]) => await journal?.add(some.map(doneOf));
  await resealMembers(
    files.filter((entry) => !kept.has(fileOf(entry))),
    { ...work, onDone },
  );
  return resumed.length;
}

/** That the journal is of this very bundle says as much already. */
function isOf(entry: Entry, old: MemberRecord, { entry: before, record }: Done): boolean {
  const isSame = entry.payload === before.payload && Buffer.compare(record.digest, old.digest) === 0;
  if (entry.kind !== 'sealed') return isSame;
  return isSame && view(record.header).getUint32(2) === view(old.header).getUint32(2);
}
