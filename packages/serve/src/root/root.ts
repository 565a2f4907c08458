import type { FileSource, ObjectSource } from '@weightseal/core';

/** A file of the root, open. */
export interface Found extends AsyncDisposable {
  /** What is the same for exactly these bytes: of a disk its numbers and times, of a store its version. */
  readonly identity: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970, where that is known. */
  readonly modified: number | undefined;
  /** Since when, at the latest, it has been as it is: on a disk also its name, owner and mode. Milliseconds since 1970, where that is known. */
  readonly since: number | undefined;
  readonly source: FileSource | ObjectSource;
  /** Whether what was read up to now is of this very file: not written to, cut, replaced or removed. */
  unchanged(): Promise<boolean>;
}

/** What a directory holds. */
export interface Name {
  readonly name: string;
  readonly kind: 'file' | 'directory';
  /** Where a listing tells it. */
  readonly identity?: string | undefined;
}

/** A directory, or a place in a store: all that a server knows of where things lie. Paths are below it, with `/` between their names, and none that `pathOf` refuses. */
export interface Root extends AsyncDisposable {
  /** What messages call it. */
  readonly name: string;
  /** What a bundle is called that is the root itself and whose context names no model. */
  readonly ownName: string;
  /** A regular file that no link leads to, but for those of a hub's cache to its blobs. Undefined for whatever else is there, and for nothing. @throws STORE_UNAVAILABLE where it cannot be said just now, and the like */
  open(path: string, signal?: AbortSignal): Promise<Found | undefined>;
  /** What is in a directory, in the order of names; nothing where it is gone, or is not ours to read. @throws what keeps it from being read else */
  names(path: string, signal: AbortSignal): Promise<readonly Name[]>;
  /** The identity of a file that need not be opened for it. */
  identity(path: string): Promise<string | undefined>;
  /** Why what was not found may be there all the same. */
  doubt(): Error | undefined;
}
