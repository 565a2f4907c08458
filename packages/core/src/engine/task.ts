import type { ErrorCode } from '../errors.js';

// What the main thread asks of a worker: a run of whole segments of one payload. FORMAT.md §9.

export type Operation = 'seal' | 'open' | 'reseal';

/** Output for the caller: in one array, or as the cipher's pieces, which saves a copy where these are large. */
export type Emit = boolean | 'pieces';

export interface Task {
  readonly operation: Operation;
  /** The 32-byte AEAD key of these segments; one task never crosses a key rotation. */
  readonly key: SharedArrayBuffer;
  /** For a reseal: the AEAD key to encrypt with. */
  readonly newKey?: SharedArrayBuffer;
  readonly segmentLength: number;
  /** The number of the first segment. */
  readonly first: number;
  readonly count: number;
  /** The encrypted length of the payload's last segment, when that is the last of this task; else undefined. */
  readonly finalLength?: number;
  /** Where the input is: an open file, or else the slot. */
  readonly input?: { readonly fd: number; readonly offset: number };
  /** Where the output goes: an open file, or else, if `emit`, back to the caller. */
  readonly output?: { readonly fd: number; readonly offset: number };
  readonly emit?: Emit;
  /**
   * Memory of the whole task's segments. It carries the input when there is no input file, and the plaintext
   * afterwards when `keepPlaintext`, for the digest.
   */
  readonly slot?: SharedArrayBuffer;
  readonly keepPlaintext?: boolean;
}

export interface TaskResult {
  /** The output, when the task emits it. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** Likewise in pieces, each with a buffer of its own. */
  readonly pieces?: readonly Uint8Array<ArrayBuffer>[];
}

/** The fields of Node's errors by which `systemFailure` knows them. */
export interface SystemWords {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly permission?: unknown;
}

/** How a task fails, in a form that survives the way between threads. */
export interface TaskFailure {
  /** The segment that did not authenticate. */
  readonly position?: number;
  /** What the system said, as Node gives it: the main thread has the table (system-errors.ts). */
  readonly system?: SystemWords;
  /** Whether it was the output that failed. */
  readonly writing?: boolean;
  /** Which item of a task over many files failed, and with what code where it is not the machine's. */
  readonly item?: number;
  readonly told?: ErrorCode;
  /** The input file ended early. */
  readonly short?: boolean;
  readonly message: string;
}

/** A failure of the machine, in a form that survives the way between threads. */
export function machineFailure(error: unknown): TaskFailure {
  const { code, errno, permission, message } = error as NodeJS.ErrnoException & SystemWords;
  return { message: String(message), system: { code, errno, permission } };
}

export class TaskError extends Error {
  readonly failure: TaskFailure;

  constructor(failure: TaskFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Runs tasks somewhere: on the pool's threads, or here. */
export interface Executor {
  /** How many tasks can be under way at once. */
  readonly width: number;
  /** Rejects with TaskError. */
  run(task: Task): Promise<TaskResult>;
}
