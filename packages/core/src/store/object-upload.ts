import { throwIfAborted, WeightsealError } from '../errors.js';
import type { ByteSource } from '../io/byte-source.js';
import { anySignal } from '../keys/any-signal.js';
import { able, type StoreLocation, uriOf } from './location.js';
import type {
  CopiedPart,
  PartRules,
  StoreCall,
  StoredObject,
  Upload,
  UploadPart,
  WriteCondition,
} from './object-store.js';
import { ALL_PARTS_BYTES, checkCondition, EDGE_BYTES, endingSignal, madeVisible } from './outcome.js';
import { atOnceOf, SENDING_BYTES } from './part-plan.js';
import { requestsOf } from './request.js';
import { tuned } from './tuning.js';

/** What it takes to go on with one. */
export interface GoingOn {
  /** Bytes in all. */
  readonly size: number;
  /** Bytes of each part but the last. */
  readonly partBytes: number;
  readonly ticket: string;
}

const NONE: ReadonlySet<number> = new Set();

export interface UploadOptions {
  /** On what it depends that the object becomes visible. */
  readonly condition?: WriteCondition | undefined;
  /** Bytes in all, where that is known. */
  readonly size?: number | undefined;
  /** What all of it is a copy of, where that is so. */
  readonly copyOf?: ByteSource | undefined;
  /** Told after each part by what others could go on from there. */
  readonly onTicket?: ((ticket: string | undefined) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * An upload under way, with some of its parts on their way at once, each of which is tried again by itself. When it is disposed of before it is complete it is given
 * up, and the store drops what it has; or left as it is, for those who go on with it.
 */
export class ObjectUpload implements AsyncDisposable {
  readonly rules: PartRules;
  /** The numbers of the parts that the store has of an upload that was cut off. */
  readonly taken: ReadonlySet<number>;
  readonly #location: StoreLocation;
  readonly #upload: Upload;
  readonly #concurrency: number;
  readonly #options: UploadOptions;
  readonly #given: AbortSignal | undefined;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  /** What is on its way, with how many bytes of memory. */
  readonly #underWay = new Map<Promise<void>, number>();
  #failure: { readonly error: unknown } | undefined;
  #first: Uint8Array | undefined;
  #last: Uint8Array | undefined;
  #size = 0;
  #over = false;
  #left = false;

  private constructor(location: StoreLocation, upload: Upload, options: UploadOptions) {
    this.#location = location;
    this.#upload = upload;
    this.rules = upload.rules;
    this.taken = upload.taken ?? NONE;
    this.#concurrency = tuned(location.tuning, location.store).concurrency;
    this.#options = options;
    this.#given = options.signal;
    this.#signal = anySignal(options.signal, this.#ending.signal);
  }

  /** @throws OUTPUT_EXISTS, INPUT_CHANGED where the condition does not hold already, and what the store throws */
  static async begin(location: StoreLocation, options: UploadOptions): Promise<ObjectUpload> {
    const { condition, size, signal } = options;
    const { store, key } = location;
    const begin = able(store, 'upload');
    await checkCondition(location, condition, signal);
    const upload = await requestsOf(location).run(
      `begin to write ${uriOf(location)}`,
      signal,
      (call) => begin(key, { condition, size }, call),
      { discard: (late) => void late.abort({ signal: endingSignal() }).catch(() => {}) },
    );
    return new ObjectUpload(location, upload, options);
  }

  /**
   * Goes on with one that was cut off: what of it is there is in `taken`, and is to be passed over by `skip`.
   *
   * @throws INPUT_NOT_FOUND where it is over, or forgotten, and else what `begin` throws
   */
  static async goOn(
    location: StoreLocation,
    { size, partBytes, ticket }: GoingOn,
    options: UploadOptions,
  ): Promise<ObjectUpload> {
    const { condition, signal } = options;
    const { store, key } = location;
    const resume = able(store, 'resume');
    await checkCondition(location, condition, signal);
    const upload = await requestsOf(location).run(
      `go on writing ${uriOf(location)}`,
      signal,
      (call) => resume(key, { condition, size, partBytes, ticket }, call),
      { sends: ALL_PARTS_BYTES },
    );
    return new ObjectUpload(location, upload, options);
  }

  /** By what others could go on from here. */
  get ticket(): string | undefined {
    return this.#upload.ticket;
  }

  /** Whether ranges of objects in the same store can become parts. */
  get canCopy(): boolean {
    return this.#upload.copy !== undefined;
  }

  /**
   * Resolves when there is room for it, and it is on its way. Its bytes must not change from then on, until `sent` is called.
   *
   * @param sent told whether nobody can be reading the bytes any more
   * @throws what a part before it has failed with, ABORTED
   */
  async send(part: UploadPart, sent: (free: boolean) => void = () => {}): Promise<void> {
    const { bytes, index, last } = part;
    await this.#room(bytes.length);
    if (index === 0) this.#first = bytes.slice(0, EDGE_BYTES);
    if (last) this.#last = bytes.slice(-EDGE_BYTES);
    this.#size += bytes.length;
    let tries = 0;
    const done = this.#start((call) => {
      tries++;
      return this.#upload.part(part, call);
    }, bytes.length);
    // What was given up by us may still be on its way out.
    void done.then(() => sent(tries === 1 && !this.#failure));
  }

  /** Likewise, for what the store copies. */
  async copy(part: CopiedPart): Promise<void> {
    await this.#room(0);
    this.#size += part.length;
    void this.#start((call) => this.#upload.copy!(part, call), 0, part.length);
  }

  /** Instead, for a part that is there. */
  skip(bytes: number): void {
    this.#size += bytes;
  }

  /** When it is disposed of before its end, what the store has of it stays there. */
  leave(): void {
    this.#left = true;
  }

  /**
   * Resolves when the object is visible. What is unknown about the last request is looked up: `madeVisible`.
   *
   * @throws OUTPUT_EXISTS, INPUT_CHANGED where the condition does not hold, and what the store throws
   */
  async complete(): Promise<StoredObject> {
    await Promise.all(this.#underWay.keys());
    this.#check();
    const { condition, copyOf } = this.#options;
    const known = copyOf ? { copyOf } : { first: this.#first, last: this.#last };
    const written = { size: this.#size, condition, ...known };
    const object = await madeVisible(this.#location, written, this.#given, (call) =>
      this.#upload.complete(call),
    );
    this.#over = true;
    return object;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#ending.abort();
    // A part that arrives after the upload was given up would stay there.
    await Promise.all(this.#underWay.keys());
    if (this.#left) return;
    await requestsOf(this.#location)
      .run(`give up writing ${uriOf(this.#location)}`, endingSignal(), (call) => this.#upload.abort(call))
      .catch(() => {});
  }

  /** Never rejects: what fails is told to whoever comes next. */
  #start(work: (call: StoreCall) => Promise<void>, bytes: number, sends: number = bytes): Promise<void> {
    const doing = `write ${uriOf(this.#location)}`;
    const done = requestsOf(this.#location)
      .run(doing, this.#signal, work, { sends })
      .then(() => this.#options.onTicket?.(this.ticket))
      .catch((error: unknown) => {
        this.#failure ??= { error };
        this.#ending.abort();
      })
      .finally(() => this.#underWay.delete(done));
    this.#underWay.set(done, bytes);
    return done;
  }

  async #room(bytes: number): Promise<void> {
    this.#check();
    const most = atOnceOf(this.rules, this.#concurrency, bytes);
    while (this.#underWay.size > 0 && (this.#underWay.size >= most || this.#bytes + bytes > SENDING_BYTES)) {
      await Promise.race(this.#underWay.keys());
      this.#check();
    }
  }

  get #bytes(): number {
    let sum = 0;
    for (const bytes of this.#underWay.values()) sum += bytes;
    return sum;
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error;
    throwIfAborted(this.#given);
    if (this.#over)
      throw new WeightsealError('INTERNAL', 'An upload that is over was given more. Report this.');
  }
}
