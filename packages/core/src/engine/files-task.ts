import type { Stored } from '../io/below/rules.js';

// What the main thread asks of a worker about many small files of a bundle at once: a message between threads costs as much as sealing a file of some KiB.

export type FilesOperation = 'look' | 'seal' | 'open' | 'hash' | 'check' | 'digest' | 'reseal';

/** What a file was when it was found: another one in its place is another. */
export interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

export interface FileItem {
  /** Whether its bytes lie in the bundle as they are. */
  readonly plain: boolean;
  /** The input's path: below the task's directory, unless it is absolute. */
  readonly input: string;
  /** Instead, where the bytes have been brought: shared memory, in which they may be changed. */
  readonly inputBytes?: Uint8Array;
  /** Instead of a file: shared memory that the output fills. */
  readonly outputBytes?: Uint8Array;
  /** The output's, in its directory; undefined where there is none, or `fd` is it. */
  readonly output?: string;
  readonly fd?: number;
  /** For a hash: where in the file the bytes begin; 0 unless told. */
  readonly offset?: number;
  /** Bytes of plaintext. */
  readonly size: number;
  readonly executable: boolean;
  /** The number of its record. */
  readonly record: number;
  /** For a seal: what the input was when it was found. */
  readonly identity?: Identity;
}

/** The inputs are those that are stored there. */
export interface FilesTask extends Stored {
  readonly operation: FilesOperation;
  /** The directory of the outputs. */
  readonly to?: string;
  /** The records of all members of the bundle; a seal fills in what comes of it. */
  readonly records: SharedArrayBuffer;
  readonly items: readonly FileItem[];
  /** For a reseal: the records of what comes of it. */
  readonly newRecords?: SharedArrayBuffer;
  /** For a seal. */
  readonly segmentLength?: number;
  /** Whether each output is made durable by itself. */
  readonly sync?: boolean;
  /** Flags of open(2) for outputs, beside those that every one has. */
  readonly flags?: number;
  /** For a hash: how far it has come, and whether it is still wanted (`hash-watch.ts`). */
  readonly watch?: SharedArrayBuffer;
  /** For an open: whether the plaintext's digest is compared too. */
  readonly digest?: boolean;
}

export interface FilesExecutor {
  /** How many tasks can be under way at once. */
  readonly width: number;
  /** Rejects with TaskError. */
  runFiles(task: FilesTask): Promise<void>;
}
