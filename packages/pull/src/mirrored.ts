import {
  isWeightsealError,
  type ObjectBody,
  type ObjectRange,
  type ObjectStore,
  replaced,
  type StoreCall,
  type StoredObject,
  shown,
  uriOf,
  WeightsealError,
} from '@weightseal/core';
import { Admissions } from './admissions.js';
import { ended, joined, nothing, watched } from './bodies.js';
import { best, isPassing, type Mirror } from './mirror.js';
import { patience, tooSlow } from './patience.js';
import { keyAt, type Pin } from './pins.js';
import type { JudgedRelease } from './released.js';

/** How often in a row one may fail from whom all of a file must come, while there are others. */
const MOST_ALONE = 3;

export interface MirroredOptions {
  readonly release: JudgedRelease;
  /** The first of them is whose documents were judged. */
  readonly mirrors: readonly Mirror[];
  readonly pins: ReadonlyMap<string, Pin>;
  readonly onGivenUp: (mirror: Mirror, error: WeightsealError) => void;
}

/**
 * A release at several places as one store, of which whatever fails at one comes from the next. What an object is says the manifest, so that mirrors need not agree on anything else; of each one
 * version is read, which its digest proves in the end. It lists nothing.
 */
export class MirroredStore implements ObjectStore, AsyncDisposable {
  readonly uri: string;
  readonly concurrency: number | undefined;
  readonly requestBytes: number | undefined;
  readonly #options: MirroredOptions;
  /** By keys: who has sent bytes of what is being copied. */
  readonly #senders = new Map<string, Set<Mirror>>();
  /** By keys: the one from which all of it must come. */
  readonly #alone = new Map<string, Mirror>();
  readonly #admissions: Admissions;
  #fetched = 0;

  constructor(options: MirroredOptions) {
    const { store } = options.mirrors[0]!.place;
    this.uri = store.uri;
    this.concurrency = store.concurrency;
    this.requestBytes = store.requestBytes;
    this.#options = options;
    this.#admissions = new Admissions(options.release);
  }

  /** Bytes that have come. */
  get fetched(): number {
    return this.#fetched;
  }

  async stat(key: string): Promise<StoredObject> {
    return this.#object(key, this.#pin(key));
  }

  async read(key: string, { offset, length, version }: ObjectRange, call: StoreCall): Promise<ObjectBody> {
    const pin = this.#pin(key);
    const object = this.#object(key, pin);
    if (version !== undefined && version !== pin.version) throw replaced(`${this.uri}/${key}`);
    const end = Math.min(pin.size, offset + length);
    const memory = pin.known.subarray(offset, end);
    const from = offset + memory.length;
    if (from >= end) return { object, body: joined(memory, nothing()) };
    const body = await this.#ask(key, pin, { offset: from, length: end - from }, call);
    return { object, body: memory.length > 0 ? joined(memory, body) : body };
  }

  /**
   * What has come of it is not what was released. Who has sent all of it is given up; where several have, or nobody knows who, it comes from one alone the next time.
   *
   * @param mixed whether some of it had come before
   * @throws MEMBER_TAMPERED, MANIFEST_MISMATCH when nobody is left
   */
  refuse(key: string, mixed: boolean): void {
    const [sender, ...others] = this.#senders.get(key) ?? [];
    this.#senders.delete(key);
    if (others.length === 0 && !mixed) {
      const error = this.#tampered(sender ?? this.#options.mirrors[0]!, this.#pin(key), 'has another digest');
      // Of no bytes it is what the manifest says that cannot be.
      if (!sender) throw error;
      this.#giveUp(sender, error);
      this.#checkLeft();
    }
    const next = best(this.#options.mirrors);
    if (next) this.#alone.set(key, next);
  }

  /** The mirrors are somebody else's. */
  close(): Promise<void> {
    this.#admissions.end();
    return Promise.resolve();
  }

  /** The same as `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #pin(key: string): Pin {
    const pin = this.#options.pins.get(key);
    if (pin) return pin;
    throw new WeightsealError('INPUT_NOT_FOUND', `${this.uri}/${key} is no part of the release.`);
  }

  #object(key: string, { size, version }: Pin): StoredObject {
    return { key, size, version };
  }

  async #ask(key: string, pin: Pin, range: ObjectRange, call: StoreCall): Promise<AsyncIterable<Uint8Array>> {
    const tried = new Set<Mirror>();
    const asked: number[] = [];
    for (let mirror = this.#choose(key, tried); mirror; ) {
      const one = mirror;
      const askedAt = performance.now();
      const later = (ms: number): void => {
        one.asksFor(ms);
        asked.push(ms);
      };
      try {
        await this.#admissions.admit(mirror, call.signal);
        return await this.#askOne(mirror, key, pin, range, { ...call, later });
      } catch (error) {
        tried.add(mirror);
        this.#failed(mirror, error, askedAt, call.signal);
        if (call.signal.aborted) throw error;
        this.#failedAlone(key);
        mirror = this.#choose(key, tried);
        if (mirror) continue;
        this.#checkLeft();
        // Of each once; then it is time for a pause, where all of them ask for one.
        if (asked.length >= tried.size) call.later?.(Math.min(...asked));
        throw this.#again(error);
      }
    }
    throw this.#noneLeft();
  }

  async #askOne(mirror: Mirror, key: string, pin: Pin, range: ObjectRange, call: StoreCall) {
    const { place } = mirror;
    const its = keyAt(place, this.#options.release.kind, pin.name);
    const version = mirror.versions.get(its);
    const askedAt = performance.now();
    const answer = await place.store.read(its, { ...range, ...(version !== undefined && { version }) }, call);
    if (answer.object.size !== pin.size) {
      await ended(answer.body);
      throw this.#tampered(mirror, pin, 'has another length');
    }
    mirror.versions.set(its, answer.object.version);
    const senders = this.#senders.get(key) ?? new Set();
    this.#senders.set(key, senders.add(mirror));
    const isSlow = patience(this.#options.mirrors.length, place.tuning?.deadlineMs);
    const failed = (error: unknown): unknown => {
      this.#failed(mirror, error, askedAt, call.signal);
      this.#failedAlone(key);
      return this.#again(error);
    };
    return watched(answer.body, {
      onPiece: ({ length }, waitedMs) => {
        mirror.bytes += length;
        this.#fetched += length;
        if (!isSlow(length, waitedMs) || !this.#hasBetter(mirror)) return;
        mirror.slow();
        throw failed(tooSlow(mirror));
      },
      onEnd: () => mirror.served(askedAt),
      failed,
    });
  }

  /** Of those who were not asked in this round; undefined where there is none. */
  #choose(key: string, tried: ReadonlySet<Mirror>): Mirror | undefined {
    const alone = this.#alone.get(key);
    if (alone && !alone.givenUp) return tried.has(alone) ? undefined : alone;
    const found = best(this.#options.mirrors.filter((one) => !tried.has(one)));
    if (alone && found) this.#alone.set(key, found);
    return found;
  }

  #hasBetter(mirror: Mirror): boolean {
    return this.#options.mirrors.some((one) => one !== mirror && !one.givenUp && one.restMs === 0);
  }

  #failed(mirror: Mirror, error: unknown, askedAt: number, signal: AbortSignal): void {
    if (signal.aborted) {
      // Also what took too long ends so; what the caller stops says nothing of anybody.
      if (isPassing(signal.reason) && isWeightsealError(signal.reason)) mirror.failed(askedAt);
    } else if (isPassing(error)) mirror.failed(askedAt);
    else this.#giveUp(mirror, error as WeightsealError);
  }

  /** From whom all of it must come, and who does not give it, is no help: it is another one's turn. Whether that is any better is seen when all has come. */
  #failedAlone(key: string): void {
    const alone = this.#alone.get(key);
    if (!alone || alone.failures < MOST_ALONE) return;
    const other = best(this.#options.mirrors.filter((one) => one !== alone));
    if (other) this.#alone.set(key, other);
  }

  /** What of one mirror is final is not so of all of them. */
  #again(error: unknown): unknown {
    if (isPassing(error) || !best(this.#options.mirrors)) return error;
    const { message } = error as WeightsealError;
    return new WeightsealError('STORE_UNAVAILABLE', `${message} Another mirror is asked.`, { cause: error });
  }

  #giveUp(mirror: Mirror, error: WeightsealError): void {
    if (mirror.givenUp) return;
    mirror.giveUp(error);
    this.#options.onGivenUp(mirror, error);
  }

  #checkLeft(): void {
    if (!best(this.#options.mirrors)) throw this.#noneLeft();
  }

  /** What the last of them was given up for; all of it, where there were several. */
  #noneLeft(): WeightsealError {
    const failures = this.#options.mirrors.flatMap(({ givenUp }) => (givenUp ? [givenUp] : []));
    const last = failures.at(-1)!;
    if (failures.length === 1) return last;
    const why = failures.map(({ code, message }) => ` ${code}: ${message}`).join('');
    return new WeightsealError(last.code, `No mirror is left.${why}`, { cause: last, failures });
  }

  #tampered(mirror: Mirror, { name }: Pin, how: string): WeightsealError {
    const isFile = this.#options.release.kind === 'file';
    const what = isFile ? uriOf(mirror.place) : `${shown(name)} of ${mirror.uri}`;
    return new WeightsealError(
      isFile ? 'MANIFEST_MISMATCH' : 'MEMBER_TAMPERED',
      `${what} is not what was released: it ${how}. Get a sound copy of it there, or leave that mirror out.`,
    );
  }
}
