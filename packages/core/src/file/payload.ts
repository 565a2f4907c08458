import { type Body, diagnose } from '../engine/diagnose.js';
import { type LanePlan, lanePlan, runLanes, slotsPlan } from '../engine/lanes.js';
import {
  type Output,
  type Pass,
  type Plan,
  passError,
  planFor,
  planForPart,
  runPass,
  slotsFor,
} from '../engine/pass.js';
import { type Batch, batches } from '../engine/plan.js';
import type { Spares } from '../engine/spares.js';
import { TaskError } from '../engine/task.js';
import { FileSource, loadRange } from '../io/byte-source.js';
import type { ReadOptions } from '../io/reads.js';
import { hasStretches, type StretchSource } from '../io/stretch.js';
import type { OpenPass } from './sealed-input.js';

/** A payload with random access, of a sealed file or in a bundle, and the ways to decrypt it or a part of it. */
export class Payload {
  readonly body: Body;
  readonly #reads: ReadOptions | undefined;

  constructor(body: Body, reads?: ReadOptions) {
    this.body = body;
    this.#reads = reads;
  }

  get size(): number {
    return this.body.segments.plaintextSize;
  }

  /** The descriptor, when the pool's threads are to read the file themselves: a large local one. */
  get #fd(): number | undefined {
    const { source, segments } = this.body;
    if (!(source instanceof FileSource)) return undefined;
    return planFor(segments.segmentLength, this.size, false).inline ? undefined : source.fd;
  }

  plan(throughMain = false): Plan {
    const { segmentLength } = this.body.segments;
    return planFor(segmentLength, this.size, throughMain || this.#fd === undefined, this.#reads);
  }

  /** Where a part of it is read. */
  planForPart(length: number): Plan {
    return planForPart(this.body.segments.segmentLength, length, this.#reads);
  }

  /** Yields in order, but where nobody needs that: without digest, and without output for the caller. */
  run(pass: OpenPass, plan: Plan, spares?: Spares): AsyncGenerator<Output> {
    const { source, segments } = this.body;
    if (hasStretches(source) && !plan.inline && !pass.digest && !pass.emit)
      return this.#runLanes(pass, lanePlan(plan, segments, source.stretchBytes), source, spares);
    return this.runBatches(pass, plan, batches(segments, plan.batchCount), spares);
  }

  async *#runLanes(
    pass: OpenPass,
    plan: LanePlan,
    source: StretchSource,
    spares?: Spares,
  ): AsyncGenerator<Output> {
    const { message } = this.body;
    const all = slotsPlan(plan);
    const slots = spares?.slots(all, message) ?? slotsFor(all, message);
    yield* runLanes({ ...pass, message }, plan, { ...this.body, source }, slots);
    spares?.give(slots);
  }

  /** Runs the pass over some batches. Their bytes come through this thread unless the pool's threads can read the file themselves. */
  async *runBatches(
    pass: OpenPass,
    plan: Plan,
    some: Iterable<Batch>,
    spares?: Spares,
  ): AsyncGenerator<Output> {
    const { message, offset } = this.body;
    const fd = plan.inline ? undefined : this.#fd;
    const newSlots = () => spares?.slots(plan, message) ?? slotsFor(plan, message);
    const slots = fd === undefined || pass.digest ? newSlots() : undefined;
    if (fd !== undefined) yield* runPass({ ...pass, message, input: { fd, offset } }, plan, some, slots);
    else yield* runPass({ ...pass, message, load: this.#load }, plan, some, slots);
    if (slots) spares?.give(slots);
  }

  #load: NonNullable<Pass['load']> = (batch, slot, signal) => {
    const { source, offset } = this.body;
    const target = new Uint8Array(slot, 0, batch.bodyLength);
    return loadRange(source, offset + batch.bodyOffset, target, signal);
  };

  async explain(error: unknown, _given?: number, signal?: AbortSignal): Promise<Error> {
    const position = error instanceof TaskError ? error.failure.position : undefined;
    if (position === undefined) return passError(error, 'read the sealed file');
    return diagnose(this.body, position, signal);
  }
}
