import { checkPath } from '../common/arguments.js';
import { progressCounter } from '../common/progress.js';
import { warmForFiles } from '../engine/files-executor.js';
import { throwIfAborted } from '../errors.js';
import { readContext } from '../format/context.js';
import { freshRecords, recordAt } from '../format/records.js';
import { DEFAULT_SEGMENT } from '../format/sizes.js';
import type { Directory } from '../io/output/directory.js';
import { OutputDirectory } from '../io/output/output-directory.js';
import { isLocation } from '../store/location.js';
import { besidesBundle } from './besides.js';
import { type Entry, fileOf, isFile } from './entry.js';
import { Journal } from './journal.js';
import type { Done } from './journal-record.js';
import { isUnchanged, resumeFiles, reuseFiles } from './keep.js';
import type { BundleGiven } from './open-storage.js';
import { releaseAfterReuse } from './previous.js';
import {
  checkSeal,
  metadataOf,
  openRoot,
  plainItem,
  readInput,
  sealedBundle,
  without,
} from './seal-input.js';
import { sealMembers } from './seal-members.js';
import type { SealPlan } from './seal-plan.js';
import { sealToStore } from './seal-to-store.js';
import { checkPlain } from './sealed-already.js';
import { BundleSealer } from './sealer.js';
import { plaintextOf } from './select.js';
import { makeDirectories, removeOthers, SYNC_EACH, syncBundle, writeDocuments } from './staging.js';
import { sweepJournals } from './sweep.js';
import { Table } from './table.js';
import type { SealBundleOptions, SealedBundle } from './types.js';

/**
 * Seals a directory into a bundle, which is a directory too. It appears under its name when all of it is durable, and nothing is left when this throws. A place in a store becomes one when its last
 * object, the envelope, is there; nothing may lie below it before, and `overwrite` and `resume` are not for it.
 *
 * @throws PATH_INVALID, LINK_INVALID and BUNDLE_LIMIT for what no bundle can hold, before any work; ALREADY_SEALED, INPUT_NOT_FOUND, INPUT_CHANGED, OUTPUT_EXISTS, NO_SPACE,
 *   IO_ERROR, ABORTED, INVALID_ARGUMENT, CONTEXT_INVALID, RECIPIENT_REQUIRED, WRAP_NOT_VERIFIED, ENVELOPE_FULL, and what the key providers throw
 */
export async function sealBundle(
  directory: string | URL,
  output: BundleGiven,
  options: SealBundleOptions,
): Promise<SealedBundle> {
  checkSeal(options);
  if (isLocation(output)) return await sealToStore(directory, output, options);
  const path = checkPath(directory, 'The directory to seal');
  const to = checkPath(output, 'The output');
  const { signal, overwrite = false, resume = true } = options;
  await using root = await openRoot(path);
  if (!options.sealAgain) await checkPlain(root, path);
  await sweepJournals();
  await using opened = await Journal.open(to, signal, options.onWait);
  await using out = await OutputDirectory.create(to, {
    overwrite: overwrite && besidesBundle,
    mode: 0o777,
    content: 'sealed',
    resumable: opened !== undefined,
  });
  const journal = out.resumable ? opened : undefined;
  const input = await readInput(root, path, options, out.inode);
  warmForFiles();
  const job = {
    keys: options.keys,
    context: readContext(options.context ?? {}),
    source: new Uint8Array(),
    signal,
  };
  using begun = await BundleSealer.begin(options, journal, job, resume);
  const { sealer, done } = begun;
  out.begin();
  const sealed = await sealFiles(root, out, input.plan, options, journal, done);
  using table = sealed.table;
  const release = await releaseAfterReuse(options.release, options.reuse, signal);
  const documents = await writeDocuments(out.place, sealer, table, metadataOf(path, options), release);
  throwIfAborted(signal);
  await syncBundle(out.place, table.entries);
  await out.publish();
  const { resumed, reused } = sealed;
  return sealedBundle(input, sealer, table, documents, { resumed, reused });
}

interface SealedFiles {
  readonly table: Table;
  readonly resumed: number;
  readonly reused: number;
}

/** Brings what is there already, and seals the rest. */
async function sealFiles(
  root: Directory,
  out: OutputDirectory,
  plan: SealPlan,
  options: SealBundleOptions,
  journal: Journal | undefined,
  done: readonly Done[],
): Promise<SealedFiles> {
  const { signal, segmentLength = DEFAULT_SEGMENT, keys, trust } = options;
  const records = freshRecords(plan.sources.count);
  const work = {
    from: root.path,
    to: out.place.path,
    records,
    segmentLength,
    signal,
    itemOf: (entry: Entry) => plainItem(entry, plan),
  };
  const progress = progressCounter(plan.size, options.onProgress);
  try {
    const files = plan.entries.filter(isFile);
    const resumed = await resumeFiles(files, done, work, (entry, one) => isUnchanged(entry, one, work));
    const left = without(files, resumed);
    await removeOthers(out.place, new Set(resumed.map(fileOf)));
    const entries = replaced(plan.entries, resumed);
    await makeDirectories(out.place, entries);
    const { reuse } = options;
    const reused = reuse === undefined ? [] : await reuseFiles(left, reuse, { keys, trust, signal }, work);
    progress(plaintextOf([...resumed, ...reused]));
    const doneOf = (entry: Entry) => ({
      entry,
      identity: plan.sources.identityOf(entry.record),
      record: recordAt(records, entry.record),
    });
    const onDone = async (done: readonly Entry[]) => await journal?.add(done.map(doneOf));
    const sync = files.length <= SYNC_EACH;
    await sealMembers(without(left, reused), { ...work, sync, progress, onDone });
    return { table: new Table(entries, records), resumed: resumed.length, reused: reused.length };
  } catch (error) {
    new Uint8Array(records).fill(0);
    throw error;
  }
}

function replaced(entries: readonly Entry[], by: readonly Entry[]): readonly Entry[] {
  if (by.length === 0) return entries;
  const others = new Map(by.map((entry) => [entry.path, entry]));
  return entries.map((entry) => others.get(entry.path) ?? entry);
}
