import { abortedError } from '../errors.js';
import { TaskError } from './task.js';

const BYTES = 8;
const STOPPED = 0;
const COUNTED = 1;
const OFTEN_MS = 100;

/** What threads that hash long files and whoever waits for them tell one another: that it is not wanted any more, and how much has been read. */
export class HashWatch implements Disposable {
  readonly memory: SharedArrayBuffer = new SharedArrayBuffer(2 * BYTES);
  readonly #words = new BigInt64Array(this.memory);
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => void Atomics.store(this.#words, STOPPED, 1n);
  readonly #timer: NodeJS.Timeout;

  constructor(signal: AbortSignal | undefined, progress: (bytes: number) => void) {
    this.#signal = signal;
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#timer = setInterval(() => progress(this.#taken()), OFTEN_MS);
  }

  #taken(): number {
    return Number(Atomics.exchange(this.#words, COUNTED, 0n));
  }

  /** What has been read since it was last told. */
  rest(): number {
    return this.#taken();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

/** In a thread, after each piece. @throws TaskError where it is not wanted any more */
export function counted(memory: SharedArrayBuffer | undefined, bytes: number): void {
  if (!memory) return;
  const words = new BigInt64Array(memory);
  Atomics.add(words, COUNTED, BigInt(bytes));
  if (Atomics.load(words, STOPPED) !== 0n)
    throw new TaskError({ told: 'ABORTED', message: abortedError(AbortSignal.abort()).message });
}
