import { segmentError } from '../engine/diagnose.js';
import {
  type LoadedBatch,
  type Output,
  type Plan,
  passError,
  planFor,
  runPass,
  slotsFor,
} from '../engine/pass.js';
import type { Slots } from '../engine/slots.js';
import { TaskError } from '../engine/task.js';
import { isWeightsealError, WeightsealError } from '../errors.js';
import { view } from '../format/bytes.js';
import { NOT_FINAL, OVERHEAD } from '../format/sizes.js';
import type { Feeder } from '../io/feeder.js';
import { readHead, truncated } from './head.js';
import { inFile } from './in-file.js';
import type { Input } from './input.js';
import type { OpenPass, SealedInput } from './sealed-input.js';
import { type Unlocked, type UnlockOptions, unlock } from './unlock.js';

/** An unlocked sealed file that comes as a stream: FORMAT.md §9.8 and §15. */
export class SealedStream implements SealedInput {
  readonly unlocked: Unlocked;
  readonly #feeder: Feeder;
  readonly #input: Input;

  private constructor(unlocked: Unlocked, feeder: Feeder, input: Input) {
    this.unlocked = unlocked;
    this.#feeder = feeder;
    this.#input = input;
  }

  /** Takes over the input, and closes it with itself or when it throws. */
  static async open(input: Input, feeder: Feeder, options: UnlockOptions): Promise<SealedStream> {
    try {
      const head = await readHead((_offset, length) => feeder.take(length));
      return new SealedStream(await unlock(head, options, input.release), feeder, input);
    } catch (error) {
      await input[Symbol.asyncDispose]();
      throw inFile(error, input.where);
    }
  }

  get size(): number | undefined {
    return this.unlocked.metadata.size;
  }

  get where(): string | undefined {
    return this.#input.where;
  }

  plan(): Plan {
    return planFor(this.unlocked.message.segmentLength, this.size, true);
  }

  run(pass: OpenPass, plan: Plan): AsyncGenerator<Output> {
    const { message } = this.unlocked;
    const slots = slotsFor(plan, message);
    return runPass(
      { ...pass, message },
      plan,
      batchesOf(this.#feeder, message.segmentLength, plan.batchCount, slots),
      slots,
    );
  }

  explain(error: unknown, given: number): Promise<Error> {
    const position = error instanceof TaskError ? error.failure.position : undefined;
    const told =
      position === undefined
        ? passError(error, 'read the stream')
        : segmentError('SEGMENT_TAMPERED', position);
    if (!isWeightsealError(told) || told.class !== 'integrity') return Promise.resolve(told);
    const message = `${told.message} The first ${given} bytes were authentic, the whole is not: do not use what came before.`;
    return Promise.resolve(inFile(new WeightsealError(told.code, message, { cause: told }), this.where));
  }

  checkUnchanged(): Promise<void> {
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.unlocked[Symbol.dispose]();
    await this.#input[Symbol.asyncDispose]();
  }
}

/** Cuts the stream into batches by the segments' markers, and refuses what FORMAT.md §9.8 says. */
async function* batchesOf(
  feeder: Feeder,
  segmentLength: number,
  batchCount: number,
  slots: Slots,
): AsyncGenerator<LoadedBatch> {
  for (let first = 0, ended = false; !ended; first += batchCount) {
    const slot = await slots.take();
    const filled = await feeder.fill(new Uint8Array(slot, 0, batchCount * segmentLength));
    const { count, finalLength } = findSegments(new Uint8Array(slot, 0, filled), segmentLength, first);
    ended = finalLength !== undefined;
    const bodyLength = ended ? (count - 1) * segmentLength + finalLength! : filled;
    yield {
      first,
      count,
      ...(finalLength !== undefined && { finalLength }),
      plainOffset: first * (segmentLength - OVERHEAD),
      plainLength: bodyLength - count * OVERHEAD,
      bodyOffset: first * segmentLength,
      bodyLength,
      slot,
    };
    if (ended && (bodyLength < filled || !(await feeder.ended())))
      throw segmentError('PAYLOAD_TRAILING_DATA', first + count - 1);
  }
}

/** How many whole segments the bytes hold, up to and with the last one of the payload if that is among them. */
function findSegments(
  bytes: Uint8Array,
  segmentLength: number,
  first: number,
): { count: number; finalLength?: number } {
  let count = 0;
  for (let at = 0; at < bytes.length || count === 0; at += segmentLength) {
    const left = bytes.length - at;
    if (left < 4) throw truncated();
    const marker = view(bytes).getUint32(at);
    const final = marker !== NOT_FINAL;
    if (final && (marker < OVERHEAD || marker > segmentLength))
      throw segmentError('SEGMENT_TAMPERED', first + count);
    if (left < (final ? marker : segmentLength)) throw truncated();
    count++;
    if (final) return { count, finalLength: marker };
  }
  return { count };
}
