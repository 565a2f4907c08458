import { abortedError } from '@weightseal/core';
import { tooMuch } from '../http/status.js';

/** What is hashed at once; short files and long ones have places of their own. */
const AT_ONCE = 2;
/** Bytes of a short file: nobody waits long for one. */
const SHORT = 16_777_216;
/** Of one client, those that wait and those under way. */
const MOST_OF_ONE = 16;

export interface Wanted {
  readonly size: number;
  /** Who asked first. */
  readonly client: object;
  readonly ending: AbortSignal;
}

interface Waiting extends Wanted {
  readonly go: () => void;
}

/** Who may hash now: the client of whom the fewest are under way, and of its files the shortest. */
export class HashQueue {
  readonly #waiting = new Set<Waiting>();
  readonly #running = new Set<Wanted>();

  /** Does the work when it is its turn. @throws STORE_THROTTLED where one client wants too many, ABORTED where nobody waits any more before it has begun, and what the work throws */
  async turn<T>(wanted: Wanted, work: () => Promise<T>): Promise<T> {
    if (this.#of(wanted.client, this.#running) + this.#of(wanted.client, this.#waiting) >= MOST_OF_ONE)
      throw tooMuch('Digests of as many files are being made for this client as may be');
    if (this.#isFull(wanted)) await this.#wait(wanted);
    this.#running.add(wanted);
    try {
      return await work();
    } finally {
      this.#running.delete(wanted);
      this.#next();
    }
  }

  async #wait(wanted: Wanted): Promise<void> {
    const { ending } = wanted;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { ...wanted, go: resolve };
    const stop = () => {
      this.#waiting.delete(waiting);
      reject(abortedError(ending));
    };
    ending.addEventListener('abort', stop, { once: true });
    this.#waiting.add(waiting);
    try {
      await promise;
    } finally {
      ending.removeEventListener('abort', stop);
    }
  }

  #next(): void {
    let best: Waiting | undefined;
    for (const one of this.#waiting)
      if (!this.#isFull(one) && (!best || this.#isBefore(one, best))) best = one;
    if (!best) return;
    this.#waiting.delete(best);
    best.go();
  }

  #isBefore(one: Waiting, other: Waiting): boolean {
    const [own, its] = [this.#of(one.client, this.#running), this.#of(other.client, this.#running)];
    return own === its ? one.size < other.size : own < its;
  }

  #isFull(wanted: Wanted): boolean {
    const short = isShort(wanted);
    let running = 0;
    for (const one of this.#running) if (isShort(one) === short) running++;
    return running >= AT_ONCE;
  }

  #of(client: object, some: ReadonlySet<Wanted>): number {
    let count = 0;
    for (const one of some) if (one.client === client) count++;
    return count;
  }
}

export function isShort({ size }: Pick<Wanted, 'size'>): boolean {
  return size <= SHORT;
}
