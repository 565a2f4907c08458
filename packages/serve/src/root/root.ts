import type { FileSource, ObjectSource, ReadManifest } from '@weightseal/core';

/** A file of the root, open. */
export interface Found extends AsyncDisposable {
  /** What is the same for exactly these bytes: of a disk its numbers and times, of a store its version. */
  readonly identity: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970, where that is known. */
  readonly modified: number | undefined;
  readonly source: FileSource | ObjectSource;
  /** Whether what was read up to now is of this very file: not written to, cut, replaced or removed. */
  unchanged(): Promise<boolean>;
}

/** What is found below a root, for a list of it. */
export interface Candidate {
  readonly kind: 'file' | 'bundle';
  /** Below the root; of a bundle that is the root itself, empty. */
  readonly path: string;
}

/** A directory, or a place in a store: all that a server knows of where things lie. Paths are below it, with `/` between their names, and none that `pathOf` refuses. */
export interface Root extends AsyncDisposable {
  /** What messages call it. */
  readonly name: string;
  /** What a bundle is called that is the root itself and whose context names no model. */
  readonly ownName: string;
  /** A regular file that no link leads to, but for those of a hub's cache to its blobs. Undefined for whatever else is there, and for nothing. */
  open(path: string, signal?: AbortSignal): Promise<Found | undefined>;
  /** The manifest of a sealed file or a bundle, once it is seen to be of it. @throws what `openReleased` and `readManifest` throw */
  manifest(path: string, signal: AbortSignal): Promise<ReadManifest>;
  /** Files and bundles, one after another; what cannot be read is left out. */
  list(signal: AbortSignal): AsyncIterable<Candidate>;
}
