import type { OnProgress } from '../common/progress.js';
import type { WeightsealError } from '../errors.js';
import type { StoreLocation } from '../store/location.js';

/** Where a sealed file or a bundle lies: a path, or a place in a store. */
export type StoredAt = string | URL | StoreLocation;

export interface CopyOptions {
  /** Whether what is there may be replaced: a file, an object, a bundle in a directory. A bundle in a store never is. The default is false. */
  readonly overwrite?: boolean | undefined;
  /** Whether a file may be copied that is not sealed. The default is false, so that no plaintext leaves by a slip. */
  readonly any?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of the sealed bytes that are at the other place. */
  readonly onProgress?: OnProgress | undefined;
}

export interface Copied {
  readonly kind: 'file' | 'bundle';
  /** Files that were copied now: of a sealed file, with its manifest and signature. */
  readonly copied: number;
  /** Files that were there already, and are the same. */
  readonly present: number;
  /** Bytes of all of them. */
  readonly sealedSize: number;
  /** Of a bundle: the files that everybody can read. Only of those that were copied or compared. */
  readonly public: readonly string[];
}

/** What is found below a place. */
export interface StoredEntry {
  /**
   * `sealed`: a sealed file; `bundle`; `directory`: with others in it, where only one level is listed; `release`: by its name a manifest or signature of a sealed file, or a channel; `other`: what else is
   * not sealed.
   */
  readonly kind: 'sealed' | 'bundle' | 'directory' | 'release' | 'other';
  /** From the place; empty for what lies at the place itself. */
  readonly path: string;
  /** Bytes as they lie there; not of a directory, nor of a bundle in a store that lists nothing. */
  readonly sealedSize?: number | undefined;
  /** When it was written, RFC 3339 in UTC, where that is known; of a bundle its envelope. */
  readonly modified?: string | undefined;
  /** Of a bundle: how many files it is made of, with envelope and table. */
  readonly files?: number | undefined;
}

export interface ListOptions {
  /** Whether to look also into what lies deeper. The default is false. */
  readonly recursive?: boolean | undefined;
  /** Told, in its turn, of what lies below and cannot be listed or looked at, with its path from the place; unless given, that ends the listing. */
  readonly onUnreadable?: ((path: string, error: WeightsealError) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface SweepStoreOptions {
  /** How long ago, in milliseconds, it must have been begun; a day unless told. Nobody can tell what was cut off from what goes on. */
  readonly minAgeMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** URIs of uploads and of bundles that are not complete. */
export interface SweptStore {
  readonly removed: readonly string[];
  /** What was begun later, and may go on. */
  readonly kept: readonly string[];
}
