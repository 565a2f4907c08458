import type { StoreLocation } from '@weightseal/core';
import type { PullFrom, PullOptions } from './types.js';

/** A place, and whether its store was made here, and is to be closed. @throws what `locationFromUri` throws */
export async function located(
  from: PullFrom,
  stores: PullOptions['stores'],
): Promise<{ readonly place: StoreLocation; readonly opened: boolean }> {
  if (typeof from !== 'string') return { place: from, opened: false };
  const { locationFromUri } = await import('@weightseal/stores');
  return { place: await locationFromUri(from, { stores }), opened: true };
}
