import { abortedError, throwIfAborted } from '../errors.js';
import type { ObjectStore } from './object-store.js';
import { Usual } from './usual.js';

// How many requests to one store are under way at once: AIMD, as TCP Reno has it (RFC 5681 §3.1), by what the store says of its load, and beside that the estimate of TCP Vegas
// (Brakmo 1995) by the time that answers take to begin: of `limit` requests, limit × (1 − best / now) wait in somebody's queue.

/** Answers that take longer do not make it fewer than this. */
const LEAST_BY_LATENCY = 4;
/** Of what is under way, so much must wait in a queue. */
const QUEUED = 0.75;
/** Below, it is this machine that is busy. */
const NOTABLE_MS = 50;
/** By how much the rate must rise for more requests at once to be worth it. */
const RISE = 1.1;
/** The best time is forgotten slowly, since the way to a store changes. */
const FORGET = 1.05;

/** How a request ended, as far as it tells of the store's load. */
export type Outcome = 'served' | 'overloaded' | 'neither';

/** A place among the requests that are under way. */
export interface Turn {
  /** The answer begins. */
  answered(): void;
  done(outcome: Outcome, bytes?: number): void;
}

interface Waiting {
  readonly most: number;
  begin(): void;
}

/** The requests to one store. First come, first served. */
export class Pace {
  /** How long its ranges take, and how many are asked for twice. */
  readonly usual: Usual = new Usual();
  readonly #waiting: Waiting[] = [];
  #most = 0;
  #limit = 0;
  #running = 0;
  /** How often it has been halved: what began before the last time says nothing of how it is since. */
  #halved = 0;
  #best = Number.POSITIVE_INFINITY;
  #rate = 0;
  #window = { count: 0, latency: 0, bytes: 0, since: 0 };

  /** How many may be under way now. */
  get limit(): number {
    return Math.max(1, Math.floor(this.#limit));
  }

  /** @param most as many as whoever asks will have. @throws ABORTED, at once */
  async take(most: number, signal: AbortSignal): Promise<Turn> {
    throwIfAborted(signal);
    if (most > this.#most) {
      // Nothing has made it fewer yet, or it would not be the most.
      if (this.#limit === this.#most) this.#limit = most;
      this.#most = most;
    }
    if (this.#waiting.length > 0 || !this.#mayBegin(most)) await this.#wait(most, signal);
    else this.#running++;
    return this.#turn();
  }

  #mayBegin(most: number): boolean {
    return this.#running < Math.min(this.limit, most);
  }

  #wait(most: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(abortedError(signal));
        this.#next();
      };
      const begin = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const waiting = { most, begin };
      this.#waiting.push(waiting);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #next(): void {
    for (let first = this.#waiting[0]; first && this.#mayBegin(first.most); first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#running++;
      first.begin();
    }
  }

  #turn(): Turn {
    const began = performance.now();
    const halved = this.#halved;
    let latency: number | undefined;
    let over = false;
    return {
      answered: () => {
        latency ??= performance.now() - began;
      },
      done: (outcome, bytes = 0) => {
        if (over) return;
        over = true;
        this.#running--;
        if (outcome === 'overloaded' && halved === this.#halved) this.#halve();
        if (outcome === 'served') this.#served(latency, bytes, began);
        this.#next();
      },
    };
  }

  #halve(): void {
    this.#halved++;
    this.#limit = Math.max(1, this.#limit / 2);
  }

  #served(latency: number | undefined, bytes: number, began: number): void {
    this.#limit = Math.min(this.#most, this.#limit + 1 / this.#limit);
    if (latency === undefined) return;
    const window = this.#window;
    if (window.count === 0) window.since = began;
    this.#best = Math.min(this.#best, latency);
    window.count++;
    window.latency += latency;
    window.bytes += bytes;
    if (window.count >= this.limit) this.#judge();
  }

  /** Once in a round trip. */
  #judge(): void {
    const { count, latency, bytes, since } = this.#window;
    const mean = latency / count;
    const rate = bytes / Math.max(1, performance.now() - since);
    const queued = 1 - this.#best / mean > QUEUED && mean - this.#best > NOTABLE_MS;
    if (queued && rate <= this.#rate * RISE) {
      const least = Math.min(LEAST_BY_LATENCY, this.#limit);
      this.#limit = Math.max(least, this.#limit * (7 / 8));
    }
    this.#rate = rate;
    this.#best *= FORGET;
    this.#window = { count: 0, latency: 0, bytes: 0, since: 0 };
  }
}

const paces = new WeakMap<ObjectStore, Pace>();

/** Of all that is asked of this store in this process. */
export function paceOf(store: ObjectStore): Pace {
  const known = paces.get(store);
  if (known) return known;
  const pace = new Pace();
  paces.set(store, pace);
  return pace;
}
