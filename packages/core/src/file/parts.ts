import { setImmediate } from '../common/timers.js';
import { warmFor } from '../engine/pass.js';
import { batches } from '../engine/plan.js';
import { OVERHEAD } from '../format/sizes.js';
import type { Payload } from './payload.js';

/** Segments from this length on come as the cipher's pieces; smaller ones are gathered, since each piece has its cost. */
const PIECES_FROM = 262_144;

/** A part of what was asked for, where it belongs in that, and the memory that it is in. */
interface Part {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly at: number;
  readonly memory: Uint8Array<ArrayBuffer>;
}

/** A range of the plaintext, in order, from only the segments that hold it. @throws what a segment is refused with, ABORTED */
export async function* partsOf(
  sealed: Payload,
  offset: number,
  length: number,
  signal: AbortSignal,
): AsyncGenerator<Part, void, undefined> {
  if (length === 0) return;
  const { segments } = sealed.body;
  const perSegment = segments.segmentLength - OVERHEAD;
  const plan = sealed.planForPart(length);
  const from = Math.floor(offset / perSegment);
  const some = batches(segments, plan.batchCount, from, Math.ceil((offset + length) / perSegment));
  const emit = segments.segmentLength >= PIECES_FROM ? 'pieces' : true;
  const pass = { operation: 'open', emit, signal, progress: () => {} } as const;
  try {
    for await (const { batch, bytes, pieces } of sealed.runBatches(pass, plan, some)) {
      let at = batch.plainOffset - offset;
      for (const memory of pieces ?? [bytes!]) {
        const first = at;
        const part = memory.subarray(Math.max(0, -first), Math.max(0, length - first));
        // Whoever gets it may give its memory away: it has no length then.
        at += memory.length;
        if (part.length > 0) yield { bytes: part, at: Math.max(0, first), memory };
      }
    }
    // Whoever has read much may want more.
    if (plan.inline) setImmediate(warmFor, length);
  } catch (error) {
    throw await sealed.explain(error, undefined, signal);
  }
}
