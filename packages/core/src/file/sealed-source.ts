import { type Body, diagnose } from '../engine/diagnose.js';
import {
  type Output,
  type Pass,
  type Plan,
  passError,
  planFor,
  planForPart,
  runPass,
  slotsFor,
  warmFor,
} from '../engine/pass.js';
import { type Batch, batches } from '../engine/plan.js';
import { TaskError } from '../engine/task.js';
import { parseSegmentLength } from '../format/floe.js';
import { decryptSegment, release } from '../format/segment.js';
import { FLOE_HEADER, OVERHEAD, segmentsOfBody } from '../format/sizes.js';
import { type ByteSource, FileSource, loadRange, readExactly } from '../io/byte-source.js';
import type { Input } from '../io/input.js';
import { readHeadOf } from './head.js';
import { inFile } from './in-file.js';
import type { OpenPass, SealedInput } from './sealed-input.js';
import { checkSize, type Unlocked, type UnlockOptions, unlock } from './unlock.js';

interface SourceOptions extends UnlockOptions {
  /** Whether all of it will be read soon; the default is true. */
  readonly whole?: boolean | undefined;
  readonly onSize?: ((size: number) => void) | undefined;
}

/** An unlocked sealed file with random access. Its last segment has been authenticated: FORMAT.md §9.7. */
export class SealedSource implements SealedInput {
  readonly unlocked: Unlocked;
  readonly body: Body;
  readonly #input: Input;

  private constructor(unlocked: Unlocked, body: Body, input: Input) {
    this.unlocked = unlocked;
    this.body = body;
    this.#input = input;
  }

  /** Takes over the input, and closes it with itself or when it throws. */
  static async open(input: Input, options: SourceOptions): Promise<SealedSource> {
    const { whole = true } = options;
    try {
      const { anywhere: source, file } = input;
      // Threads start while the key is asked.
      if (file && whole) warmFor(file.size);
      return await SealedSource.#unlock(source, input, options);
    } catch (error) {
      await input[Symbol.asyncDispose]();
      throw inFile(error, input.path);
    }
  }

  static async #unlock(source: ByteSource, input: Input, options: SourceOptions): Promise<SealedSource> {
    const head = await readHeadOf(source, options.signal);
    const offset = head.preamble.payloadOffset + FLOE_HEADER;
    const segments = segmentsOfBody(source.size - offset, parseSegmentLength(head.floeHeader));
    options.onSize?.(segments.plaintextSize);
    const unlocked = await unlock(head, options);
    try {
      const sealed = new SealedSource(
        unlocked,
        { source, offset, message: unlocked.message, segments },
        input,
      );
      await sealed.#authenticateLast(options.signal);
      checkSize(unlocked.metadata, segments.plaintextSize);
      return sealed;
    } catch (error) {
      unlocked[Symbol.dispose]();
      throw error;
    }
  }

  get size(): number {
    return this.body.segments.plaintextSize;
  }

  get path(): string | undefined {
    return this.#input.path;
  }

  /** The descriptor, when the pool's threads are to read the file themselves: a large local one. */
  get #fd(): number | undefined {
    const { source, segments } = this.body;
    if (!(source instanceof FileSource)) return undefined;
    return planFor(segments.segmentLength, this.size, false).inline ? undefined : source.fd;
  }

  plan(throughMain = false): Plan {
    const { segmentLength } = this.body.segments;
    return planFor(segmentLength, this.size, throughMain || this.#fd === undefined, this.#input.reads);
  }

  /** Where a part of it is read. */
  planForPart(length: number): Plan {
    return planForPart(this.body.segments.segmentLength, length, this.#input.reads);
  }

  run(pass: OpenPass, plan: Plan): AsyncGenerator<Output> {
    return this.runBatches(pass, plan, batches(this.body.segments, plan.batchCount));
  }

  /** Runs the pass over some batches. Their bytes come through this thread unless the pool's threads can read the file themselves. */
  runBatches(pass: OpenPass, plan: Plan, some: Iterable<Batch>): AsyncGenerator<Output> {
    const { source, message, offset } = this.body;
    const fd = plan.inline ? undefined : this.#fd;
    if (fd !== undefined) {
      const slots = pass.digest && slotsFor(plan, message);
      return runPass({ ...pass, message, input: { fd, offset } }, plan, some, slots);
    }
    const load: Pass['load'] = (batch, slot, signal) =>
      loadRange(source, offset + batch.bodyOffset, new Uint8Array(slot, 0, batch.bodyLength), signal);
    return runPass({ ...pass, message, load }, plan, some, slotsFor(plan, message));
  }

  async explain(error: unknown, _given?: number, signal?: AbortSignal): Promise<Error> {
    const position = error instanceof TaskError ? error.failure.position : undefined;
    if (position === undefined) return inFile(passError(error, 'read the sealed file'), this.path);
    return inFile(await diagnose(this.body, position, signal), this.path);
  }

  async #authenticateLast(signal: AbortSignal | undefined): Promise<void> {
    const { source, offset, message, segments } = this.body;
    const { count, segmentLength, finalLength } = segments;
    if (finalLength < OVERHEAD) throw await diagnose(this.body, count - 1, signal);
    const segment = await readExactly(source, offset + (count - 1) * segmentLength, finalLength, signal);
    const plaintext = decryptSegment(new Uint8Array(message.segmentKey(count - 1)), count - 1, true, segment);
    if (!plaintext) throw await diagnose(this.body, count - 1, signal);
    plaintext.fill(0);
    release(plaintext);
  }

  async checkUnchanged(): Promise<void> {
    await this.#input.checkSize();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.unlocked[Symbol.dispose]();
    await this.#input[Symbol.asyncDispose]();
  }
}
