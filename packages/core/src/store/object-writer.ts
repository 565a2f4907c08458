import { invalidArgument } from '../common/arguments.js';
import { throwIfAborted, WeightsealError } from '../errors.js';
import { able, type StoreLocation, uriOf } from './location.js';
import type { StoredObject } from './object-store.js';
import { ObjectUpload, type UploadOptions } from './object-upload.js';
import { EDGE_BYTES, madeVisible } from './outcome.js';
import { type PartPlan, planParts } from './part-plan.js';
import { tuned } from './tuning.js';

/** The beginning of an object, where it is known only at its end. */
export interface WriterHead {
  /** Bytes. */
  readonly length: number;
  /** Asked where the store takes bytes only in their order, and there are more than one part of them: the beginning as it can be told before the rest is known. */
  early(): Uint8Array;
}

export interface WriterOptions extends UploadOptions {
  /** Then `write` is given what comes after it, and `complete` what it is. */
  readonly head?: WriterHead | undefined;
}

/**
 * Writes an object from its beginning to its end, whose bytes need not be known before. Nothing of it is visible until `complete`, and nothing stays in the store when it is disposed
 * of before that. What fits into one part is one request; of what does not, several parts are on their way at once where the store allows that, each sent again by
 * itself when it fails. Memory: 128 MiB on their way and a part that is filled, whatever the size is; where nobody says how large the object becomes, parts grow with it, and
 * are 64 MiB at 100 GB and 512 MiB at 1 TB (in 10,000 parts).
 */
export class ObjectWriter implements AsyncDisposable {
  readonly #location: StoreLocation;
  readonly #options: WriterOptions;
  readonly #partBytes: number;
  #upload: ObjectUpload | undefined;
  #plan: PartPlan | undefined;
  #part: Uint8Array;
  #filled: number;
  #index = 0;
  /** Where the part that is filled begins. */
  #offset = 0;
  /** The first part, which waits for its beginning. */
  #held: Uint8Array | undefined;
  /** Parts that were sent, for others of the same length. */
  readonly #spare: Uint8Array[] = [];
  #over = false;

  private constructor(location: StoreLocation, options: WriterOptions, upload?: ObjectUpload) {
    const { size, head } = options;
    this.#location = location;
    this.#options = options;
    this.#partBytes = Math.max(tuned(location.tuning, location.store).partBytes, head?.length ?? 0);
    this.#upload = upload;
    this.#filled = head?.length ?? 0;
    this.#part = new Uint8Array(Math.max(this.#filled, Math.min(this.#partBytes, size ?? this.#partBytes)));
  }

  /**
   * Begins the upload at once where it is known to be one: then what is refused is refused now.
   *
   * @throws OUTPUT_EXISTS, INPUT_CHANGED where the condition does not hold already, STORE_UNSUPPORTED, INVALID_ARGUMENT, ABORTED, and what the store throws
   */
  static async create(location: StoreLocation, options: WriterOptions = {}): Promise<ObjectWriter> {
    checkObject(location);
    throwIfAborted(options.signal);
    const writer = new ObjectWriter(location, options);
    if ((options.size ?? 0) <= writer.#partBytes) return writer;
    return await writer.#ready();
  }

  /** Over an upload that was begun with the same options; takes it over. */
  static async over(
    upload: ObjectUpload,
    location: StoreLocation,
    options: WriterOptions,
  ): Promise<ObjectWriter> {
    return await new ObjectWriter(location, options, upload).#ready();
  }

  /** Whether the head comes last: what `complete` is given. False once `early` was asked. */
  get headLast(): boolean {
    return this.#options.head !== undefined && (this.#plan?.firstLast ?? true);
  }

  /**
   * The bytes are the caller's again when it resolves, which it does not while too much is on its way. One call after the other.
   *
   * @throws what sending any part has failed with, ABORTED
   */
  async write(bytes: Uint8Array): Promise<void> {
    this.#checkOpen();
    throwIfAborted(this.#options.signal);
    this.#checkSize(this.#offset + this.#filled + bytes.length, false);
    for (let done = 0; done < bytes.length; ) {
      if (this.#filled === this.#part.length) await this.#next();
      const piece = bytes.subarray(done, done + this.#part.length - this.#filled);
      this.#part.set(piece, this.#filled);
      this.#filled += piece.length;
      done += piece.length;
    }
  }

  /**
   * @param head what stands at the beginning, where that comes last; else it is not looked at
   * @throws OUTPUT_EXISTS, INPUT_CHANGED where the condition does not hold, and what the store throws
   */
  async complete(head?: Uint8Array): Promise<StoredObject> {
    this.#checkOpen();
    throwIfAborted(this.#options.signal);
    this.#checkSize(this.#offset + this.#filled, true);
    if (this.headLast) this.#checkHead(head);
    const object = await (this.#upload ? this.#completeUpload(this.#upload, head) : this.#put(head));
    this.#over = true;
    return object;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    await this.#upload?.[Symbol.asyncDispose]();
  }

  /** Begins, or gives up what was begun. */
  async #ready(): Promise<this> {
    try {
      await this.#begin();
      return this;
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The part is full, and more comes. */
  async #next(): Promise<void> {
    if (!this.#upload) return this.#begin();
    const part = this.#part;
    if (this.#index === 0 && this.headLast) this.#held = part;
    else await this.#send(this.#upload, part, false);
    this.#offset += part.length;
    this.#index++;
    this.#part = this.#empty();
    this.#filled = 0;
  }

  #send(upload: ObjectUpload, bytes: Uint8Array, last: boolean): Promise<void> {
    return upload.send({ index: this.#index, offset: this.#offset, bytes, last }, (free) => {
      if (free) this.#spare.push(bytes);
    });
  }

  /** What was written so far was no more than might have been one part; now the parts have the lengths that they must have. */
  async #begin(): Promise<void> {
    const { head, size } = this.#options;
    const written = this.#part.subarray(0, this.#filled);
    this.#upload ??= await ObjectUpload.begin(this.#location, this.#options).catch((error: unknown) => {
      throw this.#location.store.upload ? error : onlyWhole(this.#location, this.#partBytes);
    });
    this.#plan = planParts(this.#upload.rules, { partBytes: this.#partBytes, size, head: head?.length });
    if (head && !this.#plan.firstLast) {
      const early = head.early();
      this.#checkHead(early);
      written.set(early);
    }
    this.#part = this.#empty();
    this.#filled = 0;
    await this.write(written);
  }

  #empty(): Uint8Array {
    const length = this.#plan!.sizeOf(this.#index);
    const spare = this.#spare.pop();
    return spare?.length === length ? spare : new Uint8Array(length);
  }

  async #put(head: Uint8Array | undefined): Promise<StoredObject> {
    const { condition, signal } = this.#options;
    const bytes = this.#part.subarray(0, this.#filled);
    if (head && this.headLast) bytes.set(head);
    const put = able(this.#location.store, 'put');
    const edges = { first: bytes.subarray(0, EDGE_BYTES), last: bytes.subarray(-EDGE_BYTES) };
    return await madeVisible(this.#location, { size: bytes.length, ...edges }, signal, (call) =>
      put(this.#location.key, bytes, { condition }, call),
    );
  }

  async #completeUpload(upload: ObjectUpload, head: Uint8Array | undefined): Promise<StoredObject> {
    const last = this.#part.subarray(0, this.#filled);
    if (head && this.headLast) (this.#held ?? last).set(head);
    await this.#send(upload, last, true);
    if (this.#held) await upload.send({ index: 0, offset: 0, bytes: this.#held, last: false });
    return await upload.complete();
  }

  #checkOpen(): void {
    if (this.#over) throw new WeightsealError('INTERNAL', 'A writer that is over was used. Report this.');
  }

  #checkHead(head: Uint8Array | undefined): void {
    if (head?.length === this.#options.head?.length) return;
    throw new WeightsealError('INTERNAL', 'The beginning of an object has another length. Report this.');
  }

  #checkSize(bytes: number, all: boolean): void {
    const { size } = this.#options;
    if (size === undefined || (all ? bytes === size : bytes <= size)) return;
    throw new WeightsealError(
      'INPUT_CHANGED',
      `${uriOf(this.#location)} was to have ${size} bytes, and ${all ? `there are ${bytes}` : 'more come'}. Try again when the input is at rest.`,
    );
  }
}

/** @throws INVALID_ARGUMENT where all of a store is named, STORE_UNSUPPORTED where nothing can be written */
export function checkObject(location: StoreLocation): void {
  able(location.store, 'put');
  if (location.key !== '') return;
  throw invalidArgument(
    `${uriOf(location)} is all of a store, and an object is written; name one: ${uriOf(location)}/NAME.`,
  );
}

function onlyWhole(location: StoreLocation, partBytes: number): WeightsealError {
  return new WeightsealError(
    'STORE_UNSUPPORTED',
    `${location.store.uri} takes objects only in one piece, and ${uriOf(location)} has more than ${partBytes} bytes. Raise partBytes, which is how much is held in memory, or write to another store.`,
  );
}
