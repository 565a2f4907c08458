import { abortedError, isWeightsealError, throwIfAborted, WeightsealError } from '../errors.js';
import { untilAborted } from '../keys/until-aborted.js';
import { type StoreLocation, uriOf } from './location.js';
import type { StoreCall } from './object-store.js';
import { type Outcome, type Pace, paceOf, type Turn } from './pace.js';
import { type Tuned, tuned } from './tuning.js';

/** One attempt at a request. */
export interface Attempt extends StoreCall {
  /** The answer begins, or more of it has come: its time begins anew, and with bytes so do the attempts. */
  progress(bytes?: number): void;
  /** A part of what is asked for is there: the time for all attempts begins anew. */
  renew(): void;
  /** It is not the store that is waited for: no time runs meanwhile, and afterwards all of it begins anew. */
  hold<T>(work: Promise<T>): Promise<T>;
}

/** What of it is of one attempt alone. */
type Once = Omit<Attempt, 'renew'>;

export interface RunOptions<T> {
  /** Bytes that go there before an answer can come. */
  readonly sends?: number;
  /** Gets what a call gives that was not waited for any more. */
  readonly discard?: (late: T) => void;
}

/** What may go better the next time. */
const AGAIN: readonly string[] = ['STORE_THROTTLED', 'STORE_UNAVAILABLE', 'STORE_TIMEOUT'];
const OVERLOADED: readonly string[] = ['STORE_THROTTLED', 'STORE_TIMEOUT'];
/** The longest first pause, which doubles; whoever is asked too often needs more of it. */
const FIRST_PAUSE_MS = 100;
const THROTTLED_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** The longest that a store may ask for. */
const LONGEST_ASKED_MS = 60_000;
/** A slow line sends at least so much in a second. */
const SENT_BYTES_PER_MS = 262_144 / 1000;

/** The one way in which a store is asked: attempts, pauses, deadlines, and no more requests at once than the store takes. */
export class Requests {
  readonly location: StoreLocation;
  readonly tuned: Tuned;
  readonly pace: Pace;

  constructor(location: StoreLocation) {
    this.location = location;
    this.tuned = tuned(location.tuning, location.store);
    this.pace = paceOf(location.store);
  }

  /**
   * What an attempt gives. One that fails in a way that may pass is made again after a pause. The total time begins with the first attempt: who waits for others waits for their deadlines.
   *
   * @param doing goes on after "Could not"
   * @throws what an attempt threw last, STORE_UNAVAILABLE for what is none of our errors, STORE_TIMEOUT, ABORTED at once
   */
  async run<T>(
    doing: string,
    signal: AbortSignal | undefined,
    attempt: (call: Attempt) => Promise<T>,
    options: RunOptions<T> = {},
  ): Promise<T> {
    throwIfAborted(signal);
    const { attempts, concurrency, deadlineMs } = this.tuned;
    // The caller's abort, or the deadline: its reason is what is thrown.
    const ending = new AbortController();
    const onAbort = () => ending.abort(abortedError(signal!));
    signal?.addEventListener('abort', onAbort, { once: true });
    let deadline: NodeJS.Timeout | undefined;
    let last: WeightsealError | undefined;
    let over = false;
    const begin = () => setTimeout(() => ending.abort(this.#late(doing, deadlineMs, last)), deadlineMs);
    const renew = () => {
      clearTimeout(deadline);
      if (!over) deadline = begin();
    };
    try {
      for (let tried = 1; ; tried++) {
        const turn = await this.pace.take(concurrency, ending.signal);
        deadline ??= begin();
        let moved = false;
        let askedMs = 0;
        const watched = (call: Once) =>
          attempt({
            signal: call.signal,
            later: (ms) => {
              askedMs = ms;
            },
            progress: (bytes) => {
              moved ||= bytes !== undefined && bytes > 0;
              call.progress(bytes);
            },
            renew,
            hold: async (work) => {
              clearTimeout(deadline);
              try {
                return await call.hold(work);
              } finally {
                renew();
              }
            },
          });
        try {
          return await this.#once(doing, turn, ending.signal, watched, options);
        } catch (error) {
          if (ending.signal.aborted) throw error;
          last = this.#known(error, doing);
          if (moved) tried = 1;
          if (!AGAIN.includes(last.code) || tried >= attempts) throw told(last, tried);
        }
        await pause(last, tried, askedMs, ending.signal);
      }
    } catch (error) {
      throw ending.signal.aborted ? ending.signal.reason : error;
    } finally {
      over = true;
      clearTimeout(deadline);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async #once<T>(
    doing: string,
    turn: Turn,
    ending: AbortSignal,
    attempt: (call: Once) => Promise<T>,
    { sends = 0, discard }: RunOptions<T>,
  ): Promise<T> {
    const { requestTimeoutMs } = this.tuned;
    const stop = new AbortController();
    const onEnding = () => stop.abort(ending.reason);
    ending.addEventListener('abort', onEnding, { once: true });
    // Also between the turn and this, when nobody listened.
    if (ending.aborted) onEnding();
    let moved = false;
    let held = false;
    let bytes = 0;
    let timer: NodeJS.Timeout;
    // Not set anew for each piece, of which there are thousands in a second: silence is noticed within two such times.
    const watch = (ms: number) => {
      timer = setTimeout(() => {
        if (moved || held) watch(requestTimeoutMs);
        else stop.abort(this.#late(doing, requestTimeoutMs, undefined));
        moved = false;
      }, ms);
    };
    watch(requestTimeoutMs + Math.ceil(sends / SENT_BYTES_PER_MS));
    const progress = (more = 0) => {
      turn.answered();
      moved = true;
      bytes += more;
    };
    const hold: Once['hold'] = async (work) => {
      held = true;
      try {
        return await work;
      } finally {
        held = false;
        moved = true;
      }
    };
    let outcome: Outcome = 'neither';
    try {
      const value = await untilAborted(
        stop.signal,
        () => attempt({ signal: stop.signal, progress, hold }),
        discard,
      );
      outcome = 'served';
      return value;
    } catch (thrown) {
      const error: unknown = stop.signal.aborted ? stop.signal.reason : thrown;
      if (!ending.aborted && isWeightsealError(error) && OVERLOADED.includes(error.code))
        outcome = 'overloaded';
      // A body that nobody reads is ended, too.
      stop.abort(error);
      throw error;
    } finally {
      clearTimeout(timer!);
      ending.removeEventListener('abort', onEnding);
      turn.done(outcome, bytes);
    }
  }

  #known(error: unknown, doing: string): WeightsealError {
    // Nobody aborted anything: a connection was.
    if (isWeightsealError(error) && error.code !== 'ABORTED') return error;
    return new WeightsealError(
      'STORE_UNAVAILABLE',
      `Could not ${doing}: the request failed; its error is the cause.`,
      { cause: error },
    );
  }

  #late(doing: string, ms: number, cause: unknown): WeightsealError {
    const { store } = this.location;
    return new WeightsealError(
      'STORE_TIMEOUT',
      `Could not ${doing} in ${ms} ms. See whether ${store.uri} can be reached, or give it more time.`,
      { cause },
    );
  }
}

/** How the place is asked. @throws INVALID_ARGUMENT for a tuning that cannot be */
export function requestsOf(location: StoreLocation): Requests {
  return new Requests(location);
}

function told(error: WeightsealError, tried: number): WeightsealError {
  if (tried === 1) return error;
  const { code, message } = error;
  return new WeightsealError(code, `${message} It was tried ${tried} times.`, { cause: error });
}

/** Exponential with full jitter: of many who were refused at once, not all come back at once (Brooker, Exponential Backoff And Jitter, 2015). */
async function pause(
  { code }: WeightsealError,
  tried: number,
  askedMs: number,
  signal: AbortSignal,
): Promise<void> {
  const first = code === 'STORE_THROTTLED' ? THROTTLED_PAUSE_MS : FIRST_PAUSE_MS;
  const own = Math.random() * Math.min(LONGEST_PAUSE_MS, first * 2 ** (tried - 1));
  // Upon what was asked for, so that not all come back just then.
  const ms = Math.min(askedMs, LONGEST_ASKED_MS) + own;
  let timer: NodeJS.Timeout | undefined;
  try {
    await untilAborted(signal, () => new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))));
  } finally {
    clearTimeout(timer);
  }
}

/** What is read or written, for messages. */
export function named({ location }: Requests): string {
  return uriOf(location);
}
