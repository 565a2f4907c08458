import { WeightsealError } from '@weightseal/core';
import { machineMemory, memoryLimit } from '../advice.js';
import { inUnits } from '../size.js';
import type { MemoryFacts } from './memory.js';

/** What the threads that open a file take besides the plaintext itself. */
export const ALLOWANCE: number = 64 * 1_048_576;

/**
 * Refuses plaintext for which there is no memory: writing it would have the kernel kill this process, or another. What is unknown refuses nothing.
 *
 * @param bytes of plaintext
 * @throws MEMORY_LIMIT
 */
export function checkMemory(bytes: number, { limit, available }: MemoryFacts): void {
  const needed = bytes + ALLOWANCE;
  const least = Math.min(limit?.headroom ?? Infinity, available ?? Infinity);
  if (needed <= least) return;
  const wanted = `The plaintext takes ${inUnits(bytes)} of memory, and opening it ${inUnits(ALLOWANCE)} more`;
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
