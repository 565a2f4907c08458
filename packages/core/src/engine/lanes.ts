import { OVERHEAD, type Segments } from '../format/sizes.js';
import type { StretchSource } from '../io/stretch.js';
import { anySignal } from '../keys/any-signal.js';
import type { Stored } from './diagnose.js';
import { type Output, type Pass, type Plan, runPass } from './pass.js';
import { type Batch, batchCount, batches } from './plan.js';
import type { Slots } from './slots.js';

/** What a thread writes at once (run-task.ts), where segments are no longer. */
const BATCH_BYTES = 2_097_152;
/** Of each lane, one batch comes while the one before it is decrypted. */
const WIDTH = 2;
/** Below, a request costs more than what it brings. */
const LEAST_STRETCH = 4_194_304;

/** Several stretches of a payload at once, in each of which one batch comes after the other. */
export interface LanePlan extends Plan {
  readonly lanes: number;
  /** Segments of a stretch: whole batches. */
  readonly stretchSegments: number;
}

/** @param plan of the same payload, read range by range; @param stretchBytes of plaintext that a request may best ask for */
export function lanePlan(plan: Plan, { segmentLength, count }: Segments, stretchBytes: number): LanePlan {
  const plainLength = segmentLength - OVERHEAD;
  const perBatch = batchCount(plainLength, Math.min(BATCH_BYTES, stretchBytes));
  const most = plan.loads ?? plan.width;
  // So that all lanes end at about the same time, also where there is little.
  const share = Math.max(LEAST_STRETCH, Math.ceil((count * plainLength) / most));
  const batches = Math.floor(Math.min(stretchBytes, share) / (perBatch * plainLength));
  const stretchSegments = perBatch * Math.max(1, batches);
  const lanes = Math.min(most, Math.ceil(count / stretchSegments));
  // Long segments are half as many: the memory is the same.
  const width = segmentLength > BATCH_BYTES ? 1 : WIDTH;
  return { ...plan, batchCount: perBatch, loads: 1, width, lanes, stretchSegments };
}

/** Enough slots for all lanes. */
export function slotsPlan({ lanes, ...plan }: LanePlan): Plan {
  return { ...plan, width: lanes * plan.width };
}

/** Like `runPass`, and yields what is done in the order in which it is done. For a pass whose outputs need not come in order. */
export async function* runLanes(
  pass: Omit<Pass, 'load' | 'input' | 'digest' | 'emit'>,
  plan: LanePlan,
  { source, offset, segments }: Stored & { readonly source: StretchSource },
  slots: Slots,
): AsyncGenerator<Output, void, undefined> {
  const ending = new AbortController();
  const signal = anySignal(pass.signal, ending.signal);
  const stretches = batches(segments, plan.stretchSegments);
  async function* lane(): AsyncGenerator<Output, void, undefined> {
    for (let next = stretches.next(); !next.done; next = stretches.next()) {
      const { first, count, bodyOffset, bodyLength } = next.value;
      const stretch = source.stretch(offset + bodyOffset, bodyLength);
      const load = (batch: Batch, slot: SharedArrayBuffer, stop: AbortSignal) =>
        stretch.readInto(new Uint8Array(slot, 0, batch.bodyLength), stop);
      try {
        yield* runPass(
          { ...pass, load, signal },
          plan,
          batches(segments, plan.batchCount, first, first + count),
          slots,
        );
      } finally {
        await stretch.close(signal);
      }
    }
  }
  yield* merged(Array.from({ length: plan.lanes }, lane), () => ending.abort());
}

/** What any of them gives, as it comes. What ends one of them ends all. */
async function* merged<T>(
  ways: readonly AsyncGenerator<T, void>[],
  stop: () => void,
): AsyncGenerator<T, void, undefined> {
  const step = async (way: AsyncGenerator<T, void>) => ({ way, result: await way.next() });
  const next = new Map<AsyncGenerator<T, void>, ReturnType<typeof step>>();
  const ask = (way: AsyncGenerator<T, void>) => {
    const asked = step(way);
    // Whoever waits for it sees that it failed.
    asked.catch(() => {});
    next.set(way, asked);
  };
  for (const way of ways) ask(way);
  try {
    while (next.size > 0) {
      const { way, result } = await Promise.race(next.values());
      if (result.done) next.delete(way);
      else {
        ask(way);
        yield result.value;
      }
    }
  } finally {
    stop();
    await Promise.allSettled([...next.keys()].map((way) => way.return()));
  }
}
