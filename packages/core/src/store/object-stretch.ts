import { copyBytes } from '../common/copy-bytes.js';
import { abortedError, throwIfAborted, WeightsealError } from '../errors.js';
import type { Stretch } from '../io/stretch.js';
import type { StoredObject } from './object-store.js';
import { checkAnswer, endedEarly, longer } from './read-range.js';
import { type Attempt, named, type Requests } from './request.js';

interface Target {
  readonly out: Uint8Array;
  done: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** Does the work for as long as the object is open. */
type WhileOpen = <T>(signal: AbortSignal, work: (either: AbortSignal) => Promise<T>) => Promise<T>;

/**
 * A stretch of one version of an object. Its request begins with the first read, and goes on where it was when it fails on its way. While nobody reads, the store waits, and no deadline runs: whoever
 * holds a stretch must not wait for another request to the same store before he reads on, since stretches are what may be under way there.
 */
export class ObjectStretch implements Stretch {
  readonly #requests: Requests;
  readonly #object: StoredObject;
  readonly #end: number;
  readonly #ending = new AbortController();
  readonly #whileOpen: WhileOpen;
  #at: number;
  #target: Target | undefined;
  #wake: (() => void) | undefined;
  #reading: Promise<void> | undefined;
  #failed: { readonly error: unknown } | undefined;

  constructor(
    requests: Requests,
    object: StoredObject,
    offset: number,
    length: number,
    whileOpen: WhileOpen,
  ) {
    this.#requests = requests;
    this.#object = object;
    this.#at = offset;
    this.#end = offset + length;
    this.#whileOpen = whileOpen;
  }

  /** @throws like `ObjectSource.readInto` */
  async readInto(out: Uint8Array, signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    if (this.#failed) throw this.#failed.error;
    // Nothing would ever come for what is beyond, or for the first of two.
    if (this.#target || out.length > this.#end - this.#at)
      throw invalid(this.#target ? 'is being read already' : `has only ${this.#end - this.#at} bytes more`);
    if (out.length === 0) return;
    const onAbort = () => this.#fail(abortedError(signal!));
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#target = { out, done: 0, resolve, reject };
        this.#wake?.();
        this.#reading ??= this.#read();
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Never rejects. */
  async #read(): Promise<void> {
    try {
      await this.#whileOpen(this.#ending.signal, (either) =>
        this.#requests.run(`read ${named(this.#requests)}`, either, (call) => this.#attempt(call)),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  async #attempt(call: Attempt): Promise<void> {
    if (this.#at === this.#end) return;
    const { location } = this.#requests;
    const where = named(this.#requests);
    const range = { offset: this.#at, length: this.#end - this.#at, version: this.#object.version };
    const answer = await location.store.read(location.key, range, call);
    call.progress();
    checkAnswer(answer, this.#object, where);
    for await (const piece of answer.body) {
      throwIfAborted(call.signal);
      if (piece.length > this.#end - this.#at) throw longer(where);
      for (let rest = piece; rest.length > 0; ) {
        const target = this.#target ?? (await this.#next(call));
        const some = rest.subarray(0, target.out.length - target.done);
        copyBytes(target.out, some, target.done);
        target.done += some.length;
        this.#at += some.length;
        rest = rest.subarray(some.length);
        call.progress(some.length);
        if (target.done < target.out.length) continue;
        call.renew();
        this.#filled(target);
      }
    }
    throwIfAborted(call.signal);
    if (this.#at < this.#end) throw endedEarly(where);
  }

  /** The next memory, as soon as somebody has some. @throws ABORTED */
  async #next(call: Attempt): Promise<Target> {
    const wake = () => this.#wake?.();
    call.signal.addEventListener('abort', wake, { once: true });
    try {
      await call.hold(new Promise<void>((resolve) => (this.#wake = resolve)));
      throwIfAborted(call.signal);
      return this.#target!;
    } finally {
      call.signal.removeEventListener('abort', wake);
    }
  }

  #filled(target: Target): void {
    this.#target = undefined;
    target.resolve();
  }

  #fail(error: unknown): void {
    this.#failed ??= { error };
    const target = this.#target;
    this.#target = undefined;
    this.#ending.abort(error);
    target?.reject(this.#failed.error);
  }

  /** Never rejects. Of what has come whole, only the end may be missing, which is waited for: the connection is used again. */
  async close(signal?: AbortSignal): Promise<void> {
    const onAbort = () => this.#fail(abortedError(signal!));
    if (this.#at < this.#end) this.#fail(invalid('has been closed'));
    else if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    await this.#reading;
    signal?.removeEventListener('abort', onAbort);
  }
}

function invalid(what: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `The stretch ${what}.`);
}
