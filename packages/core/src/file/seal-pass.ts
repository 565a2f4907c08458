import { progressCounter } from '../common/progress.js';
import {
  type LoadedBatch,
  type Output,
  type Pass,
  type Plan,
  plainCapacity,
  runPass,
  slotsFor,
} from '../engine/pass.js';
import { batches } from '../engine/plan.js';
import type { Slots } from '../engine/slots.js';
import { WeightsealError } from '../errors.js';
import type { FloeMessage } from '../format/floe.js';
import { isFileName, type Metadata } from '../format/metadata.js';
import { isSealed, MAGIC_LENGTH } from '../format/preamble.js';
import { OVERHEAD, segmentsOfPlaintext } from '../format/sizes.js';
import { loadRange, readExactly } from '../io/byte-source.js';
import type { Feeder } from '../io/feeder.js';
import type { Input } from './input.js';
import type { SealOptions } from './seal.js';
import type { Sealer } from './sealer.js';

// What sealing has in common, wherever it writes to.

export function passOf({ message }: Sealer, input: Input, { signal, onProgress }: SealOptions): Pass {
  return { operation: 'seal', message, signal, progress: progressCounter(input.size, onProgress) };
}

export function sealPass(pass: Pass, plan: Plan, { source, file, feeder }: Input): AsyncGenerator<Output> {
  const { message } = pass;
  const slots = slotsFor(plan, message);
  if (feeder) return runPass(pass, plan, streamBatches(feeder, message, plan, slots), slots);
  const all = batches(segmentsOfPlaintext(source!.size, message.segmentLength), plan.batchCount);
  if (file && pass.output) {
    return runPass({ ...pass, input: { fd: file.fd, offset: 0 } }, plan, all, pass.digest && slots);
  }
  const load: Pass['load'] = (batch, slot, signal) =>
    loadRange(source!, batch.plainOffset, new Uint8Array(slot, 0, batch.plainLength), signal);
  return runPass({ ...pass, load }, plan, all, slots);
}

/** Cuts a stream of unknown length into batches; each is known to be the last, or not, before it is sealed. */
async function* streamBatches(
  feeder: Feeder,
  message: FloeMessage,
  plan: Plan,
  slots: Slots,
): AsyncGenerator<LoadedBatch> {
  const { segmentLength } = message;
  const capacity = plainCapacity(plan, message);
  for (let first = 0, last = false; !last; first += plan.batchCount) {
    const slot = await slots.take();
    const plainLength = await feeder.fill(new Uint8Array(slot, 0, capacity));
    last = plainLength < capacity || (await feeder.ended());
    const { count, finalLength } = segmentsOfPlaintext(plainLength, segmentLength);
    yield {
      first,
      count,
      plainOffset: first * (segmentLength - OVERHEAD),
      plainLength,
      bodyOffset: first * segmentLength,
      bodyLength: plainLength + count * OVERHEAD,
      ...(last && { finalLength }),
      slot,
    };
  }
}

/** To seal a sealed file once more is nearly always a slip (`seal *`). @throws ALREADY_SEALED */
export async function checkPlain(
  { source, feeder, where }: Input,
  { sealAgain = false, signal }: SealOptions,
): Promise<void> {
  if (sealAgain || (source && source.size < MAGIC_LENGTH)) return;
  const beginning = source
    ? await readExactly(source, 0, MAGIC_LENGTH, signal)
    : await feeder!.peek(MAGIC_LENGTH);
  if (!isSealed(beginning)) return;
  throw new WeightsealError(
    'ALREADY_SEALED',
    `${where ?? 'The input'} is sealed already. \`rewrap\` changes who opens it, and \`reseal\` gives it a new data key; --seal-again, in a program \`sealAgain\`, seals it once more.`,
  );
}

export function metadataOf(
  { name: its }: Input,
  options: SealOptions,
  size: number | undefined,
  digest: string | undefined,
): Metadata {
  // A file may have a name that the metadata cannot hold, on some systems; it is sealed without one then.
  const own = its !== undefined && isFileName(its) ? its : undefined;
  const name = options.name ?? own;
  return {
    created: new Date().toISOString(),
    ...(digest !== undefined && { digest }),
    ...(name !== undefined && { name }),
    ...(size !== undefined && { size }),
  };
}
