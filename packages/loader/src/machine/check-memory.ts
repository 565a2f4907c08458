import { WeightsealError } from '@weightseal/core';
import { machineMemory, memoryLimit } from '../advice.js';
import { inUnits } from '../size.js';
import type { MemoryFacts } from './memory.js';

/** What the threads that open a file take besides the plaintext itself. */
export const ALLOWANCE: number = 64 * 1_048_576;
/** What an engine that maps the weights takes besides them: a tenth of them, within these bounds, and no more than they are themselves. */
const ENGINE = { part: 0.1, least: 256 * 1_048_576, most: 2 * 1_073_741_824 };

/**
 * Refuses plaintext for which there is no memory: writing it would have the kernel kill this process, or another. What is unknown refuses nothing.
 *
 * @param bytes of plaintext
 * @param allowance bytes that are to be left for whoever uses it; what opening takes is the least
 * @throws MEMORY_LIMIT
 */
export function checkMemory(bytes: number, facts: MemoryFacts, allowance = 0): void {
  const { limit } = facts;
  const more = Math.max(ALLOWANCE, allowance);
  const least = leastOf(facts);
  if (bytes + more <= least) return;
  const forWhat = allowance > ALLOWANCE ? 'who uses it is to have' : 'opening it';
  const wanted = `The plaintext takes ${inUnits(bytes)} of memory, and ${forWhat} ${inUnits(more)} more`;
  if (limit && limit.headroom <= least) {
    const what = [limit.source, limit.setting].filter(Boolean).join(', ');
    throw new WeightsealError(
      'MEMORY_LIMIT',
      `${wanted}; of this process's memory limit of ${inUnits(limit.limit)} (${what}) only ${inUnits(limit.headroom)} is left. ${memoryLimit(bytes)}`,
    );
  }
  throw new WeightsealError(
    'MEMORY_LIMIT',
    `${wanted}; the machine has only ${inUnits(least)} available. ${machineMemory(bytes)}`,
  );
}

/** What to say where the plaintext fits, and leaves little to whoever is to use it. */
export function scarcity(bytes: number, facts: MemoryFacts): string | undefined {
  const left = leastOf(facts) - bytes;
  const { part, least, most } = ENGINE;
  if (left >= Math.min(bytes, most, Math.max(bytes * part, least))) return undefined;
  const { limit } = facts;
  const ofLimit = limit !== undefined && limit.headroom <= leastOf(facts);
  const of = ofLimit ? `this process's memory limit of ${inUnits(limit.limit)}` : "the machine's memory";
  return (
    `the plaintext takes ${inUnits(bytes)} and leaves only ${inUnits(Math.max(0, left))} of ${of}; an engine that needs more is killed. ` +
    `${ofLimit ? memoryLimit(bytes) : machineMemory(bytes)} To be refused instead, say how much is to be left: --memory-allowance (memoryAllowance).`
  );
}

function leastOf({ limit, available }: MemoryFacts): number {
  return Math.min(limit?.headroom ?? Infinity, available ?? Infinity);
}
