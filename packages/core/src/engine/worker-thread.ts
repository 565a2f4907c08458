import type { Worker } from 'node:worker_threads';
import { WeightsealError } from '../errors.js';
import { systemFailure } from '../system-errors.js';
import { TaskError, type TaskResult } from './task.js';
import type { FromWorker, ToWorker } from './worker-messages.js';

type Payload = ToWorker extends infer M ? (M extends ToWorker ? Omit<M, 'id'> : never) : never;
type Answer = TaskResult | string | undefined;

/** One thread of ours, as calls that return promises. It keeps the process alive only while it has work. */
export class WorkerThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<
    number,
    { resolve: (answer: Answer) => void; reject: (error: Error) => void }
  >();
  #nextId = 0;
  #dead: WeightsealError | undefined;
  #answered = false;

  /** @throws IO_ERROR when the system gives no thread; it may also tell later, and the calls then reject with that */
  constructor() {
    this.#worker = startThread();
    this.#worker.on('message', (message: FromWorker) => this.#settle(message));
    this.#worker.on('error', (error) => this.#fail(this.#answered ? threadFailed(error) : noThread(error)));
    this.#worker.on('exit', () => this.#fail(threadFailed(undefined)));
    // After the listeners: adding one takes the reference again.
    this.#worker.unref();
  }

  get load(): number {
    return this.#waiting.size;
  }

  get dead(): boolean {
    return this.#dead !== undefined;
  }

  /** Whether it died before it did anything: the system lets a thread begin, and then refuses what it needs. */
  get stillborn(): boolean {
    return this.dead && !this.#answered;
  }

  call(message: Payload): Promise<Answer> {
    if (this.#dead) return Promise.reject(this.#dead);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ ...message, id } as ToWorker);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(message: FromWorker): void {
    this.#answered = true;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('failure' in message) waiting?.reject(new TaskError(message.failure));
    else waiting?.resolve(message.result);
  }

  #fail(error: WeightsealError): void {
    this.#dead ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
  }
}

function startThread(): Worker {
  // Loaded with the first thread: a small file needs none, and starts sooner without.
  const threads = process.getBuiltinModule('node:worker_threads');
  try {
    return new threads.Worker(new URL('./worker.js', import.meta.url), {
      // A thread of ours needs nothing of the host's environment or flags, and little heap: its buffers are outside it.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 },
    });
  } catch (error) {
    throw noThread(error);
  }
}

function noThread(cause: unknown): WeightsealError {
  const hint =
    systemFailure(cause)?.hint ??
    'Raise the limit of processes and threads (ulimit -u, or the pids limit of the container).';
  return new WeightsealError('IO_ERROR', `No thread could be started, and large files need some. ${hint}`, {
    cause,
  });
}

/** The end of a thread that worked. What it did wrong itself it tells as the answer to a task. */
function threadFailed(cause: unknown): WeightsealError {
  const hint = systemFailure(cause)?.hint ?? 'Try again, with more memory.';
  return new WeightsealError('IO_ERROR', `A thread ended before its work was done. ${hint}`, { cause });
}
