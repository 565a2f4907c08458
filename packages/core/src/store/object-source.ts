import { throwIfAborted, WeightsealError } from '../errors.js';
import { Life } from '../io/life.js';
import { type ReadOptions, readsOf } from '../io/reads.js';
import type { Stretch, StretchSource } from '../io/stretch.js';
import { optionalWhole } from '../keys/whole-number.js';
import { isLocation, type StoreLocation, uriOf } from './location.js';
import type { StoredObject } from './object-store.js';
import { ObjectStretch } from './object-stretch.js';
import { type Filling, fill, readRange } from './read-range.js';
import { type Requests, requestsOf } from './request.js';

/** `concurrency` and `requestBytes` go before those of the place. */
export interface OpenObjectOptions extends ReadOptions {
  /** Bytes of the first request, which are kept; 64 KiB unless told: the head of a sealed file, or all of a small object. */
  readonly first?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const FIRST_BYTES = 65_536;
const MOST_FIRST_BYTES = 268_435_456;
/** What stores themselves say is best for much, and none of it lies in our memory: docs/performance.md. */
const STRETCH_BYTES = 16_777_216;

/**
 * An object in a store as a byte source, until it is closed, which ends reads that are under way. Every read is of the version that it was opened with: what has been replaced meanwhile is
 * refused (INPUT_CHANGED). The store is the caller's to close.
 */
export class ObjectSource implements StretchSource, AsyncDisposable {
  readonly location: StoreLocation;
  /** What the store said of it when it was opened. */
  readonly object: StoredObject;
  readonly #requests: Requests;
  /** Its first bytes, where they came with the opening. */
  readonly #head: Uint8Array;
  readonly #life: Life;

  private constructor(requests: Requests, object: StoredObject, head: Uint8Array) {
    this.location = requests.location;
    this.object = object;
    this.#requests = requests;
    this.#head = head;
    this.#life = new Life(() => closed(this.uri));
  }

  /** One request, for the first bytes: what an object of no more has is there then. @throws INPUT_NOT_FOUND, ABORTED, INVALID_ARGUMENT, and the codes of class `store` */
  static async open(
    location: StoreLocation,
    { first = FIRST_BYTES, signal, ...asked }: OpenObjectOptions = {},
  ): Promise<ObjectSource> {
    checkObject(location);
    optionalWhole('first', first, 1, MOST_FIRST_BYTES);
    const { concurrency, requestBytes } = readsOf(location.tuning ?? {}, asked);
    const requests = requestsOf({ ...location, tuning: { ...location.tuning, concurrency, requestBytes } });
    const nothing = new Uint8Array(0);
    const filling: Filling = { object: undefined, offset: 0, length: first, target: nothing, done: 0 };
    await fill(requests, filling, signal);
    return new ObjectSource(requests, filling.object!, filling.target);
  }

  /** Without a request: of an object that a listing, or the source of its copy, has told of. */
  static of(location: StoreLocation, object: StoredObject): ObjectSource {
    return new ObjectSource(requestsOf({ ...location, key: object.key }), object, new Uint8Array(0));
  }

  /** What messages call it. */
  get uri(): string {
    return uriOf(this.location);
  }

  /** Bytes. */
  get size(): number {
    return this.object.size;
  }

  /** Only where the place says so: else long segments are fewer at once, and no more memory. There are never more requests than the store takes. */
  get concurrency(): number | undefined {
    return this.location.tuning?.concurrency;
  }

  get requestBytes(): number {
    return this.#requests.tuned.requestBytes;
  }

  /** Bytes of a stretch where all of it is wanted: 16 MiB, or what `requestBytes` says. Undefined where requests are hedged, which are of ranges. */
  get stretchBytes(): number | undefined {
    const { hedge, requestBytes } = this.#requests.tuned;
    return hedge ? undefined : (this.location.tuning?.requestBytes ?? Math.max(STRETCH_BYTES, requestBytes));
  }

  /** A long range by one request, into one memory after another: cheaper than many ranges, on both sides. @throws INVALID_ARGUMENT outside of the object */
  stretch(offset: number, length: number): Stretch {
    this.#checkWithin(offset, length);
    return new ObjectStretch(this.#requests, this.object, offset, length, (signal, work) =>
      this.#life.whileOpen(signal, work),
    );
  }

  /** @throws like `readInto` */
  async read(
    offset: number,
    length: number,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Uint8Array> {
    this.#checkWithin(offset, length);
    const out = new Uint8Array(length);
    await this.readInto(out, offset, options.signal);
    return out;
  }

  /**
   * Reads straight into memory that the caller has, which is left alone once this has ended.
   *
   * @throws INPUT_NOT_FOUND, INPUT_CHANGED when the object is another by now, INVALID_ARGUMENT outside of it and after it was closed, ABORTED, and the codes of class `store`
   */
  async readInto(out: Uint8Array, offset: number, signal?: AbortSignal): Promise<void> {
    this.#checkWithin(offset, out.length);
    await this.#life.whileOpen(signal, async (either) => {
      throwIfAborted(either);
      const here = this.#head.subarray(offset, offset + out.length);
      out.set(here);
      await readRange(this.#requests, this.object, offset + here.length, out.subarray(here.length), either);
    });
  }

  #checkWithin(offset: number, length: number): void {
    const whole = Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(length) && length >= 0;
    if (whole && offset + length <= this.size) return;
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `Bytes ${offset} to ${offset + length} are not all within the ${this.size} that ${this.uri} has.`,
    );
  }

  /** Ends reads that are under way. Safe to call twice. */
  close(): Promise<void> {
    return this.#life.end();
  }

  /** The same as `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** @throws INVALID_ARGUMENT */
function checkObject(location: StoreLocation): void {
  if (isLocation(location) && location.key !== '') return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    isLocation(location)
      ? `${location.store.uri} is all of a store; name an object in it.`
      : 'A place in a store is { store, key }, as `locationFromUri` of @weightseal/stores makes one.',
  );
}

function closed(uri: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `${uri} has been closed; open it again.`);
}
