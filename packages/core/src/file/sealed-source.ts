import { type Body, diagnose } from '../engine/diagnose.js';
import { parseSegmentLength } from '../format/floe.js';
import { decryptSegment, release } from '../format/segment.js';
import { FLOE_HEADER, OVERHEAD, segmentsOfBody } from '../format/sizes.js';
import { type ByteSource, readExactly } from '../io/byte-source.js';
import { readHeadOf } from './head.js';
import { inFile } from './in-file.js';
import type { Input } from './input.js';
import { Payload } from './payload.js';
import type { SealedInput } from './sealed-input.js';
import { checkSize, type Unlocked, type UnlockOptions, unlock } from './unlock.js';

interface SourceOptions extends UnlockOptions {
  /** Whether all of it will be read soon; the default is true. */
  readonly whole?: boolean | undefined;
  readonly onSize?: ((size: number) => void) | undefined;
}

/** An unlocked sealed file with random access. Its last segment has been authenticated: FORMAT.md §9.7. */
export class SealedSource extends Payload implements SealedInput {
  readonly unlocked: Unlocked;
  readonly #input: Input;

  private constructor(unlocked: Unlocked, body: Body, input: Input) {
    super(body, input.reads);
    this.unlocked = unlocked;
    this.#input = input;
  }

  /** Takes over the input, and closes it with itself or when it throws. */
  static async open(input: Input, options: SourceOptions): Promise<SealedSource> {
    const { whole = true } = options;
    try {
      const { anywhere: source } = input;
      // Threads start while the key is asked.
      if (whole) input.warm();
      return await SealedSource.#unlock(source, input, options);
    } catch (error) {
      await input[Symbol.asyncDispose]();
      throw inFile(error, input.where);
    }
  }

  static async #unlock(source: ByteSource, input: Input, options: SourceOptions): Promise<SealedSource> {
    const head = await readHeadOf(source, options.signal);
    const offset = head.preamble.payloadOffset + FLOE_HEADER;
    const segments = segmentsOfBody(source.size - offset, parseSegmentLength(head.floeHeader));
    options.onSize?.(segments.plaintextSize);
    const unlocked = await unlock(head, options, input.release);
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

  get where(): string | undefined {
    return this.#input.where;
  }

  override async explain(error: unknown, given?: number, signal?: AbortSignal): Promise<Error> {
    return inFile(await super.explain(error, given, signal), this.where);
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
