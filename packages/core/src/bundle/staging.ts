import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { atOnce } from '../engine/at-once.js';
import { view } from '../format/bytes.js';
import type { Metadata } from '../format/metadata.js';
import { ENVELOPE_NAME, parentOf, TABLE_NAME } from '../format/path.js';
import { payloadSize, recordAt } from '../format/records.js';
import { MANIFEST_NAME } from '../format/release-names.js';
import { FileSource } from '../io/byte-source.js';
import { closing } from '../io/closing.js';
import { Directory } from '../io/output/directory.js';
import { makeDurable } from '../io/output/durable.js';
import { fileSystemSync } from '../io/output/sync-file-system.js';
import { headOf, type ReleaseOptions } from '../release/manifest-head.js';
import { type Entry, fileOf, isFile } from './entry.js';
import { bundleManifest } from './manifest-of.js';
import type { BundleSealer } from './sealer.js';
import { proveTable, type Table, writeTable } from './table.js';
import { writeNew } from './write-new.js';

// A bundle while it is made, in a directory under another name.

/** Beyond so many files the file system is made durable as a whole, not file by file. */
export const SYNC_EACH = 256;
/** Syncs at once: more only wait for the disk. */
const SYNCS = 8;

/** The directories that files of the bundle are in, those above first. */
function directoriesOf(entries: readonly Entry[]): string[] {
  const all = new Set<string>();
  for (const entry of entries) {
    if (!isFile(entry)) continue;
    for (let at = parentOf(fileOf(entry)); at !== '' && !all.has(at); at = parentOf(at)) all.add(at);
  }
  return [...all].sort();
}

export async function makeDirectories(place: Directory, entries: readonly Entry[]): Promise<void> {
  for (const path of directoriesOf(entries)) await mkdir(place.at(path), { recursive: true });
}

/** Makes all of it durable: of few files, which are that already, the directories; of many the whole file system, or file by file. */
export async function syncBundle(place: Directory, entries: readonly Entry[]): Promise<void> {
  const files = entries.filter(isFile);
  const sync = files.length > SYNC_EACH ? await fileSystemSync() : undefined;
  if (sync) {
    await sync(place.path);
    return;
  }
  // Also those that an earlier seal had written, or that are of another bundle.
  await atOnce(files, SYNCS, undefined, async (entry) => {
    const file = await open(place.at(fileOf(entry)), 'r');
    await using _file = closing(file);
    await makeDurable(file);
  });
  for (const path of directoriesOf(entries)) {
    await using directory = await Directory.open(place.at(path));
    await directory.sync();
  }
}

/** Bytes of all payloads and public members. */
export function payloadBytes({ entries, records }: Table): number {
  return entries.reduce((sum, { kind, size, record }) => {
    if (kind !== 'sealed') return sum + size;
    return sum + payloadSize(size, view(recordAt(records, record).header).getUint32(2));
  }, 0);
}

/** The table, the manifest, and last what makes a bundle of it all. Returns the bytes of table and envelope. */
export async function writeDocuments(
  place: Directory,
  sealer: BundleSealer,
  table: Table,
  metadata: Metadata,
  release: ReleaseOptions | undefined,
): Promise<number> {
  const written = await writeNew(place.at(TABLE_NAME), (write) =>
    writeTable(table, sealer.tableHeader, sealer.tableMessage, write),
  );
  await using file = await FileSource.open(place.at(TABLE_NAME));
  await proveTable(file, sealer.tableMessage, written.digest, sealer.tableHeader, table);
  const head = headOf(sealer.core, 'bundle', release);
  await writeNew(place.at(MANIFEST_NAME), async (write) => {
    let at = 0;
    for (const piece of bundleManifest(head, table, written)) {
      await write(piece, at);
      at += piece.length;
    }
  });
  const envelope = sealer.envelope(written, metadata);
  await writeNew(place.at(ENVELOPE_NAME), (write) => write(envelope, 0));
  return written.size + envelope.length;
}

/** Removes all but these files: what a seal that was killed had not done. */
export async function removeOthers(place: Directory, files: ReadonlySet<string>): Promise<void> {
  const above = new Set<string>();
  for (const file of files)
    for (let at = parentOf(file); at !== '' && !above.has(at); at = parentOf(at)) above.add(at);
  const look = async (path: string): Promise<void> => {
    for (const found of await readdir(path === '' ? place.path : place.at(path), { withFileTypes: true })) {
      const at = path === '' ? found.name : `${path}/${found.name}`;
      if (found.isDirectory() && above.has(at)) await look(at);
      else if (!files.has(at)) await rm(place.at(at), { recursive: true });
    }
  };
  await look('');
}
