import { mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { checkKinds, checkPath } from '../common/arguments.js';
import { randomFillSync } from '../common/crypto.js';
import { progressCounter } from '../common/progress.js';
import { warmForFiles } from '../engine/files-executor.js';
import type { FileItem } from '../engine/files-task.js';
import { ioError, throwIfAborted, WeightsealError } from '../errors.js';
import { isFileName, type Metadata } from '../format/metadata.js';
import { payloadSize, recordAt, recordMemory } from '../format/records.js';
import { checkSegmentLength, DEFAULT_SEGMENT } from '../format/sizes.js';
import { Directory } from '../io/output/directory.js';
import { OutputDirectory } from '../io/output/output-directory.js';
import { fileSystemSync } from '../io/output/sync-file-system.js';
import { checkKeys } from '../keys/wrap.js';
import { type Entry, fileOf, isFile } from './entry.js';
import { ENVELOPE_NAME, parentOf, TABLE_NAME } from './path.js';
import { incompleteOf } from './seal-incomplete.js';
import { sealMembers } from './seal-members.js';
import { planSeal, type SealPlan } from './seal-plan.js';
import { checkPlain } from './sealed-already.js';
import { BundleSealer } from './sealer.js';
import { Table, writeTable } from './table.js';
import type { SealBundleOptions, SealedBundle } from './types.js';
import { writeNew } from './write-new.js';

/** Beyond so many files the file system is made durable as a whole, not file by file. */
const SYNC_EACH = 256;

/**
 * Seals a directory into a bundle, which is a directory too. It appears under its name when all of it is durable, and nothing is left when this throws.
 *
 * @throws PATH_INVALID, LINK_INVALID and BUNDLE_LIMIT for what no bundle can hold, before any work; ALREADY_SEALED, INPUT_NOT_FOUND, INPUT_CHANGED, OUTPUT_EXISTS, NO_SPACE,
 *   IO_ERROR, ABORTED, INVALID_ARGUMENT, CONTEXT_INVALID, RECIPIENT_REQUIRED, WRAP_NOT_VERIFIED, ENVELOPE_FULL, and what the key providers throw
 */
export async function sealBundle(
  directory: string | URL,
  output: string | URL,
  options: SealBundleOptions,
): Promise<SealedBundle> {
  check(options);
  const path = checkPath(directory, 'The directory to seal');
  const { signal, segmentLength = DEFAULT_SEGMENT } = options;
  await using root = await openRoot(path);
  if (!options.sealAgain) await checkPlain(root, path);
  await using out = await OutputDirectory.create(
    checkPath(output, 'The output'),
    options.overwrite ?? false,
    0o777,
  );
  const plan = await planSeal(root, path, options, { signal, except: await out.inode() });
  for (const one of plan.leftOut) options.onLeftOut?.(one);
  const incomplete = await incompleteOf(plan, root);
  for (const one of incomplete) options.onIncomplete?.(one);
  warmForFiles();
  using sealer = await BundleSealer.create(options);
  using table = new Table(plan.entries, newRecords(plan));
  await makeDirectories(out.place, plan.entries);
  const sync = plan.sources.length > SYNC_EACH ? await fileSystemSync() : undefined;
  await sealMembers(plan.entries.filter(isFile), {
    itemOf: (entry) => itemOf(entry, plan),
    from: root.path,
    to: out.place.path,
    records: table.records,
    segmentLength,
    sync: !sync,
    signal,
    progress: progressCounter(plan.size, options.onProgress),
  });
  const sealedSize = await writeDocuments(out, sealer, table, metadataOf(path, options));
  throwIfAborted(signal);
  if (sync) await sync(out.place.path);
  else await syncDirectories(out.place, plan.entries);
  await out.publish();
  return {
    id: Buffer.from(sealer.core.id).toString('hex'),
    members: plan.entries.length,
    size: plan.size,
    sealedSize: sealedSize + payloadBytes(plan.entries, segmentLength),
    public: plan.entries.filter(({ kind }) => kind === 'public').map((entry) => entry.path),
    leftOut: plan.leftOut,
    incomplete,
  };
}

async function openRoot(path: string): Promise<Directory> {
  try {
    return await Directory.open(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTDIR') throw ioError(error, `open ${path}`);
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${path} is no directory; a file is sealed with sealToFile.`,
      { cause: error },
    );
  }
}

/** Each payload has a key and an id of its own. */
function newRecords({ sources }: SealPlan): SharedArrayBuffer {
  const records = recordMemory(sources.length);
  for (let index = 0; index < sources.length; index++) {
    const { key, id } = recordAt(records, index);
    randomFillSync(key);
    randomFillSync(id);
  }
  return records;
}

function itemOf(entry: Entry, { sources }: SealPlan): FileItem {
  const { input, identity } = sources[entry.record]!;
  const { kind, path, size, executable, record } = entry;
  return {
    plain: kind === 'public',
    input: input ?? path,
    output: fileOf(entry),
    size,
    executable,
    record,
    identity: identity!,
  };
}

/** The directories that files of the bundle are in, those above first. */
function directoriesOf(entries: readonly Entry[]): string[] {
  const all = new Set<string>();
  for (const entry of entries) {
    if (!isFile(entry)) continue;
    for (let at = parentOf(fileOf(entry)); at !== '' && !all.has(at); at = parentOf(at)) all.add(at);
  }
  return [...all].sort();
}

async function makeDirectories(place: Directory, entries: readonly Entry[]): Promise<void> {
  for (const path of directoriesOf(entries)) await mkdir(place.at(path));
}

async function syncDirectories(place: Directory, entries: readonly Entry[]): Promise<void> {
  for (const path of directoriesOf(entries)) {
    await using directory = await Directory.open(place.at(path));
    await directory.sync();
  }
}

/** The table, and last what makes a bundle of it all. Returns their bytes. */
async function writeDocuments(
  out: OutputDirectory,
  sealer: BundleSealer,
  table: Table,
  metadata: Metadata,
): Promise<number> {
  const { place } = out;
  const written = await writeNew(place.at(TABLE_NAME), (write) =>
    writeTable(table, sealer.tableHeader, sealer.tableMessage, write),
  );
  const envelope = sealer.envelope(written, metadata);
  await writeNew(place.at(ENVELOPE_NAME), (write) => write(envelope, 0));
  return written.size + envelope.length;
}

function payloadBytes(entries: readonly Entry[], segmentLength: number): number {
  return entries.reduce(
    (sum, { kind, size }) => sum + (kind === 'sealed' ? payloadSize(size, segmentLength) : size),
    0,
  );
}

function metadataOf(path: string, { name }: SealBundleOptions): Metadata {
  const own = basename(path);
  const kept = name ?? (isFileName(own) ? own : undefined);
  return { created: new Date().toISOString(), ...(kept !== undefined && { name: kept }) };
}

/** @throws INVALID_ARGUMENT */
function check(options: SealBundleOptions): void {
  const { keys, name, segmentLength } = checkKinds(options, 'sealBundle');
  checkKeys(keys);
  if (segmentLength !== undefined) checkSegmentLength(segmentLength);
  if (name === undefined || isFileName(name)) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    'The name must be a file name of 1 to 255 bytes, without a directory.',
  );
}
