import { constants } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { abortedError, ioError, shown, throwIfAborted, WeightsealError } from '@weightseal/core';
import { hashHere } from './hash-here.js';
import { HASH_TEXT } from './hash-text.js';
import type { FoundFile } from './walk.js';

export interface HashOptions {
  /** Whether links are followed. */
  readonly follow: boolean;
  readonly signal: AbortSignal | undefined;
  /** Told of bytes that were read. */
  readonly onBytes: (bytes: number) => void;
}

interface Answer {
  readonly bytes?: number;
  readonly digest?: string;
  readonly changed?: true;
  readonly error?: NodeJS.ErrnoException;
}

/** More read one disk no faster. */
const MOST_THREADS = 16;
/** Fewer files of a few pages are hashed here before a thread has begun. */
const FEW = 8;

/**
 * SHA-256 of each file, several at once, each in a thread.
 *
 * @param small whether all of them together are a few pages, and threads would not be worth it
 * @returns in the order of the files
 * @throws INPUT_CHANGED, INPUT_NOT_FOUND, IO_ERROR, ABORTED, and what `onBytes` throws
 */
export async function hashFiles(
  files: readonly FoundFile[],
  options: HashOptions,
  small: boolean,
): Promise<readonly string[]> {
  const digests: string[] = new Array(files.length);
  let next = 0;
  const take = () => (next < files.length ? next++ : undefined);
  const count =
    small && files.length <= FEW ? 1 : Math.min(files.length, availableParallelism(), MOST_THREADS);
  const lanes: Lane[] = [];
  try {
    const all = Array.from({ length: count }, async () => {
      const lane = small ? new Here() : newThread();
      lanes.push(lane);
      for (let at = take(); at !== undefined; at = take()) {
        throwIfAborted(options.signal);
        digests[at] = await hashOne(lane, files[at]!, options);
      }
    });
    await Promise.all(all);
  } finally {
    // One that is still at work has nothing to put away: it only reads.
    next = files.length;
    await Promise.all(lanes.map((lane) => lane.end()));
  }
  return digests;
}

async function hashOne(lane: Lane, { name, path }: FoundFile, options: HashOptions): Promise<string> {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  // A pipe that has come in the place of a file must not hold it up.
  const flags = O_RDONLY | O_NONBLOCK | (options.follow ? 0 : O_NOFOLLOW);
  let digest: string | undefined;
  try {
    digest = await lane.hash(path, flags, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException | null)?.syscall === undefined) throw error;
    throw ioError(error, `read ${shown(name)}`);
  }
  if (digest !== undefined) return digest;
  throw new WeightsealError(
    'INPUT_CHANGED',
    `${shown(name)} changed while it was read. Try again when it is at rest.`,
  );
}

interface Lane {
  /** Undefined for what changed meanwhile. */
  hash(path: string, flags: number, options: HashOptions): Promise<string | undefined>;
  end(): Promise<unknown>;
}

class Here implements Lane {
  hash(path: string, flags: number, { onBytes, signal }: HashOptions): Promise<string | undefined> {
    return hashHere(path, flags, onBytes, signal);
  }

  async end(): Promise<void> {}
}

/** In this thread where there can be no other: Node's permission model, a limit of threads. */
function newThread(): Lane {
  try {
    return new Thread(new Worker(HASH_TEXT, { eval: true, stdin: false, execArgv: [] }));
  } catch {
    return new Here();
  }
}

class Thread implements Lane {
  readonly #worker: Worker;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  async hash(path: string, flags: number, options: HashOptions): Promise<string | undefined> {
    const { signal, onBytes } = options;
    const worker = this.#worker;
    const controller = new AbortController();
    try {
      return await new Promise((resolve, reject) => {
        const onAbort = () => reject(abortedError(signal!));
        signal?.addEventListener('abort', onAbort, { signal: controller.signal });
        const listeners = {
          message: ({ bytes, digest, error }: Answer) => {
            if (bytes !== undefined)
              try {
                onBytes(bytes);
              } catch (thrown) {
                reject(thrown);
              }
            else if (error) reject(Object.assign(new Error(error.message), error));
            else resolve(digest);
          },
          error: reject,
          exit: () => reject(new WeightsealError('INTERNAL', 'A thread that hashes has ended too early.')),
        };
        for (const [event, listener] of Object.entries(listeners)) worker.on(event, listener);
        controller.signal.addEventListener('abort', () => {
          for (const [event, listener] of Object.entries(listeners)) worker.off(event, listener);
        });
        worker.postMessage({ path, flags });
      });
    } finally {
      controller.abort();
    }
  }

  async end(): Promise<void> {
    // What it says once nobody waits for it is nobody's.
    this.#worker.on('error', () => {});
    await this.#worker.terminate();
  }
}
