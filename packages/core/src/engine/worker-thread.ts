import type { Worker } from 'node:worker_threads';
import { systemFailure } from '../common/system-errors.js';
import { WeightsealError } from '../errors.js';
import { TaskError, type TaskResult } from './task.js';
import { distrustFile, workerFile } from './worker-file.js';
import type { FromWorker, ToWorker } from './worker-messages.js';

type Payload = ToWorker extends infer M ? (M extends ToWorker ? Omit<M, 'id'> : never) : never;
type Answer = TaskResult | string | undefined;

interface Waiting {
  readonly message: ToWorker;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** One thread of ours, as calls that return promises. It keeps the process alive only while it has work. */
export class WorkerThread {
  #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #dead: WeightsealError | undefined;
  #answered = false;
  #ending = false;

  /** @throws IO_ERROR when the system gives no thread; it may also tell later, and the calls then reject with that */
  constructor() {
    this.#worker = this.#start();
  }

  #start(): Worker {
    const from = workerFile();
    const worker = startThread(from);
    worker.on('message', (message: FromWorker) => this.#settle(message));
    worker.on('error', (error) => {
      if (this.#ending || this.#answered) this.#fail(threadFailed(error));
      else if ('file' in from && isOfTheFile(error)) this.#startFromText(worker);
      else this.#fail(noThread(error));
    });
    worker.on('exit', () => this.#fail(threadFailed(undefined)));
    // After the listeners: adding one takes the reference again.
    worker.unref();
    return worker;
  }

  /** The file could not be loaded. That thread has done nothing, and another gets what was asked of it. */
  #startFromText(failed: Worker): void {
    failed.removeAllListeners('exit');
    distrustFile();
    try {
      this.#worker = this.#start();
    } catch (error) {
      this.#fail(error as WeightsealError);
      return;
    }
    for (const { message } of this.#waiting.values()) this.#worker.postMessage(message);
    if (this.#waiting.size > 0) this.#worker.ref();
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
      const sent = { ...message, id } as ToWorker;
      this.#waiting.set(id, { message: sent, resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage(sent);
    });
  }

  async end(): Promise<void> {
    this.#ending = true;
    await this.#worker.terminate();
  }

  #settle(message: FromWorker): void {
    this.#answered = true;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    // While it is ended it is waited for, whatever it still answers.
    if (this.#waiting.size === 0 && !this.#ending) this.#worker.unref();
    if ('failure' in message) waiting?.reject(new TaskError(message.failure));
    else waiting?.resolve(message.result);
  }

  #fail(error: WeightsealError): void {
    this.#dead ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
  }
}

/** Whether the file is not to be had, and not the thread: one that had no memory (ERR_WORKER_…) may have begun its work. */
function isOfTheFile(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return !systemFailure(error) && !(typeof code === 'string' && code.startsWith('ERR_WORKER_'));
}

function startThread(from: ReturnType<typeof workerFile>): Worker {
  // Loaded with the first thread: a small file needs none, and starts sooner without.
  const threads = process.getBuiltinModule('node:worker_threads');
  try {
    return new threads.Worker('file' in from ? from.file : from.text, {
      eval: 'text' in from,
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
