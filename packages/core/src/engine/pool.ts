import { availableParallelism } from 'node:os';
import { unref } from '../common/timers.js';
import type { FilesExecutor, FilesTask } from './files-task.js';
import type { Executor, Task, TaskResult } from './task.js';
import { WorkerThread } from './worker-thread.js';

/** Two tasks at a thread: it has the next one at hand while the answer to the last is under way. */
const DEPTH = 2;
/** Threads that nobody has used for this long are ended. */
const IDLE_MS = 10_000;
/** More threads than this do not help: memory bandwidth and the file's write lock are used up. docs/performance.md. */
const MAX_THREADS = 16;

type Work =
  | { readonly kind: 'task'; readonly task: Task }
  | { readonly kind: 'files'; readonly task: FilesTask };

interface Queued {
  readonly work: Work;
  resolve(result: TaskResult): void;
  reject(error: unknown): void;
}

/** The threads that all operations of this process share: first come, first served, one task at a time. */
export class Pool implements Executor, FilesExecutor {
  readonly width: number;
  readonly #size: number;
  readonly #queue: Queued[] = [];
  #threads: WorkerThread[] = [];
  /** How many threads may be tried to have: fewer than `#size` once the system has refused one, until all have ended. */
  #most: number;
  #idle: NodeJS.Timeout | undefined;

  constructor(size: number) {
    this.#size = size;
    this.#most = size;
    this.width = size * DEPTH;
  }

  run(task: Task): Promise<TaskResult> {
    return this.#enqueue({ kind: 'task', task });
  }

  async runFiles(task: FilesTask): Promise<void> {
    await this.#enqueue({ kind: 'files', task });
  }

  #enqueue(work: Work): Promise<TaskResult> {
    clearTimeout(this.#idle);
    return new Promise((resolve, reject) => {
      this.#queue.push({ work, resolve, reject });
      this.#dispatch();
    });
  }

  /** Whether there are threads already. */
  get started(): boolean {
    return this.#threads.some((thread) => !thread.dead);
  }

  /** Starts the threads before there is work, so that they come up while keys are asked for. */
  warm(): void {
    this.#forgetDead();
    try {
      while (this.#threads.length < this.#most) this.#threads.push(new WorkerThread());
    } catch {
      // The system gives no more threads. Those that there are will do, and without any the first task says so.
    }
    this.#endWhenIdle();
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      let thread: WorkerThread;
      try {
        thread = this.#pick();
      } catch (error) {
        // Never left in the queue: it must not run when its files are closed and its keys are zeroed.
        this.#queue.shift()!.reject(error);
        continue;
      }
      if (thread.load >= DEPTH) return;
      const queued = this.#queue.shift()!;
      thread
        .call(queued.work)
        .then(
          (result) => queued.resolve(result as TaskResult),
          (error: unknown) => this.#failed(queued, thread, error),
        )
        .finally(() => this.#next());
    }
  }

  /** A thread that never began has done nothing of the task: another can, where there is one. */
  #failed(queued: Queued, thread: WorkerThread, error: unknown): void {
    if (!thread.stillborn) {
      queued.reject(error);
      return;
    }
    this.#forgetDead();
    this.#most = this.#threads.length;
    if (this.#most > 0) this.#queue.unshift(queued);
    else {
      this.#most = this.#size;
      queued.reject(error);
    }
  }

  #forgetDead(): void {
    this.#threads = this.#threads.filter((thread) => !thread.dead);
  }

  /** The thread with the least to do; a new one while all are busy and there may be more. @throws IO_ERROR when there can be none */
  #pick(): WorkerThread {
    this.#forgetDead();
    const free = this.#threads.find((thread) => thread.load === 0);
    if (free) return free;
    if (this.#threads.length < this.#most) {
      try {
        const thread = new WorkerThread();
        this.#threads.push(thread);
        return thread;
      } catch (error) {
        // Those that there are have to do it.
        if (this.#threads.length === 0) throw error;
        this.#most = this.#threads.length;
      }
    }
    return this.#threads.toSorted((a, b) => a.load - b.load)[0]!;
  }

  #next(): void {
    this.#dispatch();
    if (this.#threads.every((thread) => thread.load === 0)) this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (this.#queue.length > 0 || this.#threads.some((thread) => thread.load > 0)) return;
      for (const thread of this.#threads.splice(0)) void thread.end();
      this.#most = this.#size;
    }, IDLE_MS);
    unref(this.#idle);
  }
}

let shared: Pool | undefined;

/** The process's pool, at most one thread for each core it may use; threads start when there is work for them. */
export function sharedPool(): Pool {
  shared ??= new Pool(Math.min(availableParallelism(), MAX_THREADS));
  return shared;
}
