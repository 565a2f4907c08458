import { VERSION } from '../common/version.js';
import { WeightsealError } from '../errors.js';
import type { CoreDocument } from '../format/core-document.js';
import { type MemberRecord, recordAt } from '../format/records.js';
import { type Entry, fileOf, isFile } from './entry.js';
import { isHexDigest, type Manifest, type ManifestFile, manifestPieces, textProblem } from './manifest.js';
import { fileSizeOf } from './member-payload.js';
import { comparePaths, TABLE_NAME } from './path.js';
import type { Table } from './table.js';

/** What its people call a release. */
export interface ReleaseOptions {
  /** Of the model; the context's `model` unless told. */
  readonly name?: string | undefined;
  /** Of the model, as its people count; the context's `version` unless told. */
  readonly version?: string | undefined;
  /** SHA-256 of the manifest of the release before this one, in hexadecimal; that of `reuse` unless told. */
  readonly previous?: string | undefined;
}

const TOOL = `weightseal ${VERSION}`;

/** @throws INVALID_ARGUMENT */
export function checkRelease(release: ReleaseOptions | undefined): void {
  if (release === undefined) return;
  if (typeof release !== 'object' || release === null)
    throw invalid('`release` is an object with `name`, `version` and `previous`');
  const { name, version, previous } = release;
  for (const [what, text] of Object.entries({ name, version })) {
    const problem = text === undefined ? undefined : textProblem(text);
    if (problem !== undefined) throw invalid(`the ${what} of a release ${problem}`);
  }
  if (previous !== undefined && !isHexDigest(previous))
    throw invalid('`previous` is a SHA-256 in 64 lower-case hexadecimal digits');
}

function invalid(what: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `${what.charAt(0).toUpperCase()}${what.slice(1)}.`);
}

/** What a manifest says that is not its files. */
export function headOf(
  { id, context }: Pick<CoreDocument, 'id' | 'context'>,
  kind: Manifest['kind'],
  release: ReleaseOptions = {},
): Omit<Manifest, 'files'> {
  const named = (own: string | undefined, inContext: string): string | undefined =>
    own ?? (textProblem(context[inContext]) === undefined ? context[inContext] : undefined);
  return {
    kind,
    id,
    context,
    name: named(release.name, 'model'),
    version: named(release.version, 'version'),
    previous: release.previous,
    created: new Date().toISOString(),
    tool: TOOL,
  };
}

/** The manifest of a bundle whose table has been written, piece by piece. */
export function bundleManifest(
  head: Omit<Manifest, 'files'>,
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
