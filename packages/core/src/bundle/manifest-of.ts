import { comparePaths, TABLE_NAME } from '../format/path.js';
import { type MemberRecord, recordAt } from '../format/records.js';
import { type ManifestFile, type ManifestHead, manifestPieces } from '../release/manifest.js';
import { type Entry, fileOf, isFile } from './entry.js';
import { fileSizeOf } from './member-payload.js';
import type { Table } from './table.js';

/** The manifest of a bundle whose table has been written, piece by piece. */
export function bundleManifest(
  head: ManifestHead,
  table: Table,
  written: { readonly size: number; readonly digest: Uint8Array },
): Generator<Uint8Array> {
  return manifestPieces(head, filesOf(table, written));
}

/** Of a million files only their order is kept: their names follow from the table. */
function* filesOf(
  { entries, records }: Table,
  { size, digest }: { readonly size: number; readonly digest: Uint8Array },
): Generator<ManifestFile> {
  const files = entries.filter(isFile);
  files.sort((a, b) => comparePaths(fileOf(a), fileOf(b)));
  let tableIsDue = true;
  for (const entry of files) {
    const path = fileOf(entry);
    if (tableIsDue && comparePaths(TABLE_NAME, path) < 0) {
      tableIsDue = false;
      yield { path: TABLE_NAME, size, sha256: hex(digest) };
    }
    yield fileIn(entry, path, records);
  }
  if (tableIsDue) yield { path: TABLE_NAME, size, sha256: hex(digest) };
}

function fileIn(entry: Entry, path: string, records: SharedArrayBuffer): ManifestFile {
  const record: MemberRecord = recordAt(records, entry.record);
  const open = entry.kind === 'public';
  return {
    path,
    size: fileSizeOf(entry, records),
    sha256: hex(open ? record.digest : record.sealedDigest),
    ...(open && { public: true }),
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
