import { WeightsealError } from '../errors.js';

/** What setTimeout can count; larger values would fire at once. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;

/** The option's value, when it is undefined or a whole number in the range. @throws INVALID_ARGUMENT */
export function optionalWhole(
  name: string,
  value: number | undefined,
  least: number,
  most: number,
): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return value;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `${name} must be a whole number from ${least} to ${most}, or left out.`,
  );
}
