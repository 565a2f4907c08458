import { checkOptions, WeightsealError } from '@weightseal/core';

export interface ScryptParameters {
  /** The cost: a power of two from 2^14 to 2^20. */
  readonly N: number;
  /** The block size: 1 to 16. Memory is 128·N·r bytes. */
  readonly r: number;
  /** How often it runs, one after the other: 1 to 4. The work is 128·N·r·p bytes to fill, at most 1 GiB. */
  readonly p: number;
}

const DEFAULT: ScryptParameters = { N: 2 ** 17, r: 8, p: 1 };
/** About four seconds of a core. Memory is never more than the work. */
const MAX_WORK_BYTES = 2 ** 30;

/** What is wrong with the parameters, or undefined when nothing is. A wrap is judged by this before any memory is taken. */
export function scryptProblem({ N, r, p }: ScryptParameters): string | undefined {
  const log2N = Math.log2(N);
  if (!Number.isInteger(log2N) || log2N < 14 || log2N > 20)
    return 'N must be a power of two from 2^14 to 2^20';
  if (!Number.isInteger(r) || r < 1 || r > 16) return 'r must be 1 to 16';
  if (!Number.isInteger(p) || p < 1 || p > 4) return 'p must be 1 to 4';
  if (128 * N * r * p > MAX_WORK_BYTES) return '128·N·r·p must be at most 1 GiB';
  return undefined;
}

/** @throws INVALID_ARGUMENT */
export function checkedScrypt(parameters: ScryptParameters = DEFAULT): ScryptParameters {
  checkOptions(parameters, Object.keys(DEFAULT), 'The option `scrypt`');
  const problem = scryptProblem(parameters);
  if (problem)
    throw new WeightsealError('INVALID_ARGUMENT', `The scrypt parameters cannot be used: ${problem}.`);
  return parameters;
}
