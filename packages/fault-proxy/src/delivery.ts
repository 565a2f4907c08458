import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Fault, SeenRequest } from './fault.js';

const DEFAULT_STALL_MS = 30_000;
/** Neither JSON nor protobuf (field number 0 does not exist) nor UTF-8. */
const GARBAGE = Uint8Array.of(0x00, 0xff, 0xfe, 0x3c, 0x68, 0x74, 0x6d, 0x6c, 0x3e, 0x80);

/** An answer, and how much of it reaches the client. */
export interface Delivery<A extends Answer> {
  readonly answer: A;
  /** The connection ends after so many bytes of the body. */
  readonly cut?: { readonly after: number; readonly by: 'reset' | 'close' | 'silence' } | undefined;
  /** The body comes so slowly. HTTP only. */
  readonly pace?: { readonly bytes: number; readonly everyMs: number } | undefined;
}

/** What the client gets to see instead of the real answer. Waits end when `gone` fires. */
export async function spoil<A extends Answer>(
  fault: Fault<A>,
  request: SeenRequest,
  forward: () => Promise<A>,
  gone: AbortSignal,
): Promise<Delivery<A>> {
  if (fault.kind === 'answer') return { answer: fault.answer };
  if (fault.kind === 'stall') await delay(fault.forMs ?? DEFAULT_STALL_MS, undefined, { signal: gone });
  const answer = await forward();
  const half = answer.body.length >> 1;
  switch (fault.kind) {
    case 'reset':
      return { answer, cut: { after: fault.afterBytes ?? half, by: 'reset' } };
    case 'hang':
      return { answer, cut: { after: fault.afterBytes ?? half, by: 'silence' } };
    case 'trickle':
      return { answer, pace: { bytes: fault.bytes ?? 16, everyMs: fault.everyMs ?? 20 } };
    case 'truncate': {
      const keep = fault.keepBytes ?? half;
      if (fault.declare === 'kept') return { answer: { ...answer, body: answer.body.subarray(0, keep) } };
      return { answer, cut: { after: keep, by: 'close' } };
    }
    case 'garbage':
      return { answer: { ...answer, body: fault.body ?? GARBAGE } };
    case 'rewrite':
      return { answer: await fault.rewrite(answer, request) };
    default:
      return { answer };
  }
}
