import { checkOptions, type Kind, type StoreTuning, WeightsealError } from '@weightseal/core';
import { isProvider, type ProviderInput, sourceOf } from '@weightseal/keys';
import { STORE_SCHEMES, type StoreScheme } from './providers.js';
import { OF_STORES } from './words.js';

/** For our stores, their options; for others, who makes them. */
export type StoreInput = ProviderInput | object;

export type Stores = Readonly<Record<string, StoreInput | undefined>>;

export function isOurs(scheme: string): scheme is StoreScheme {
  return (STORE_SCHEMES as readonly string[]).includes(scheme);
}

/** All that was said of stores, also of those that are not used now. @throws INVALID_ARGUMENT */
export function checkStores(stores: Stores): void {
  if (typeof stores !== 'object' || stores === null)
    throw invalid('The option `stores` is an object, by the schemes of the stores.');
  for (const [scheme, given] of Object.entries(stores)) {
    if (given === undefined) continue;
    if (!isOurs(scheme)) sourceOf(scheme, given, OF_STORES);
    else if (typeof given !== 'object' || given === null || isProvider(given) || 'module' in given)
      throw invalid(
        `Stores of ${scheme}: are weightseal's own, and no other provider can take them over; choose another scheme.`,
      );
  }
}

const TUNING: Readonly<Record<keyof StoreTuning, Kind>> = {
  concurrency: 'any',
  requestBytes: 'any',
  partBytes: 'any',
  requestTimeoutMs: 'any',
  deadlineMs: 'any',
  attempts: 'any',
  hedge: 'boolean',
};

/** Its names. What the numbers may be, core says when they are used. @throws INVALID_ARGUMENT */
export function checkTuning(tuning: StoreTuning): void {
  checkOptions(tuning, TUNING, 'The tuning of a store');
}

function invalid(message: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', message);
}
