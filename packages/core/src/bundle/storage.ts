import { matcherOf } from '../common/glob.js';
import type { Stored } from '../io/below/rules.js';
import type { ByteSource } from '../io/byte-source.js';
import type { ReadOptions } from '../io/reads.js';
import type { ReleaseDocument, ReleasePlace } from '../keys/release-judge.js';
import type { Entry } from './entry.js';

/** A file of a bundle, open. */
export interface OpenFile extends ByteSource, AsyncDisposable {}

/** What lies in a bundle. */
export interface StoredFile {
  readonly path: string;
  readonly sealedSize: number;
}

/** Where threads find small files: in a directory, or in memory, where they have been brought. */
export interface SmallFiles extends Stored {
  readonly bytes?: readonly Uint8Array[];
}

/** How many members are opened at once. */
export interface AtOnce {
  readonly large: number;
  /** Of small ones, tasks. */
  readonly small: number;
  /** How each large one is read, where that is not the threads' matter. */
  readonly reads?: ReadOptions;
}

/** Where the files of a bundle lie, in a directory or in a store: all that a reader of bundles knows of it. */
export interface BundleStorage extends AsyncDisposable {
  /** What messages call it: a path, a URI. */
  readonly name: string;
  /** The bytes of `weightseal.json`. @throws NOT_SEALED, ENVELOPE_INVALID */
  readEnvelope(signal: AbortSignal | undefined): Promise<Uint8Array>;
  /** `weightseal.table`, whatever its length. @throws MEMBER_MISSING, TABLE_TAMPERED */
  openTable(size: number, signal: AbortSignal | undefined): Promise<OpenFile>;
  /** A document of the release (FORMAT.md §27); undefined where there is none. @throws MANIFEST_INVALID, SIGNATURE_INVALID for what is no regular file, or has more bytes */
  readDocument(
    name: ReleaseDocument,
    mostBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array | undefined>;
  /** The file of a member, which has so many bytes. @throws MEMBER_MISSING, MEMBER_TAMPERED */
  openMember(file: string, size: number, signal: AbortSignal | undefined): Promise<OpenFile>;
  /** Looks, before any plaintext appears, whether all are there, and of their length: FORMAT.md §24.2. @throws MEMBER_MISSING, MEMBER_TAMPERED */
  lookAt(entries: readonly Entry[], records: SharedArrayBuffer, signal?: AbortSignal): Promise<void>;
  /** What is there and is not of the bundle: FORMAT.md §24.3. Names only; nothing of it is opened. @throws MEMBER_EXTRA for what is not allowed */
  findExtra(entries: readonly Entry[], allowed: boolean | readonly string[]): Promise<string[]>;
  /** What is there besides envelope and table; undefined where nobody can tell. */
  files(signal: AbortSignal | undefined): Promise<StoredFile[] | undefined>;
  /** The files of small members, for a thread. */
  small(
    entries: readonly Entry[],
    records: SharedArrayBuffer,
    signal: AbortSignal | undefined,
  ): Promise<SmallFiles>;
  /** @param large the large ones that there are; @param width how many tasks threads take; @param ordered whether the bytes of each are needed in order */
  atOnce(large: readonly Entry[], records: SharedArrayBuffer, width: number, ordered: boolean): AtOnce;
}

/** A bundle's files, and the records of its members. */
export interface StoredMembers {
  readonly storage: BundleStorage;
  readonly records: SharedArrayBuffer;
}

/** What is to be known of a bundle before it is judged. */
export interface Wanted {
  readonly allowExtra?: boolean | readonly string[] | undefined;
  /** Whether all of its members are wanted. */
  readonly whole?: boolean | undefined;
}

/** What judges a release sees of a bundle. */
export function releasePlace(
  storage: BundleStorage,
  { allowExtra = false, whole = false }: Wanted = {},
): ReleasePlace {
  return {
    name: storage.name,
    whole,
    read: (document, mostBytes, signal) => storage.readDocument(document, mostBytes, signal),
    files: (signal) => storage.files(signal),
    isAllowed: allowedBy(allowExtra),
  };
}

function allowedBy(allowExtra: boolean | readonly string[]): (path: string) => boolean {
  if (typeof allowExtra === 'boolean') return () => allowExtra;
  return matcherOf(allowExtra, 'allowExtra');
}
