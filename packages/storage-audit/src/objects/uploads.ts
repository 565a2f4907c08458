import { isWeightsealError, type StoreLocation, type SweptUpload, sweepUploads } from '@weightseal/core';
import { found, isEnd, toldOf } from './found.js';
import type { AuditedObject } from './types.js';

/** Nothing began before it, so nothing is given up: they are only listed. */
const NEVER = new Date(-8.64e15);
/** As long as nobody uploads. */
const A_DAY_MS = 86_400_000;

/** Uploads that were begun at the place or below it, more than a day ago, and are not complete. None of them is touched. */
export async function lookAtUploads(
  location: StoreLocation,
  signal: AbortSignal | undefined,
): Promise<AuditedObject[]> {
  const { store } = location;
  if (!store.unfinished || !store.put) return [];
  try {
    const found = await sweepUploads(location, { olderThan: NEVER, signal });
    return found.flatMap((upload) => audited(upload, location));
  } catch (error) {
    if (isEnd(error)) throw error;
    if (isWeightsealError(error) && error.code === 'STORE_UNSUPPORTED') return [];
    return [
      { kind: 'upload', path: '', findings: [found('incomplete', store.uri, 'unread', toldOf(error))] },
    ];
  }
}

function audited({ uri, started }: SweptUpload, { store, key }: StoreLocation): AuditedObject[] {
  const from = `${store.uri}/${key === '' ? '' : `${key}/`}`;
  const path = uri.startsWith(from) ? uri.slice(from.length) : '';
  if (started === undefined || Number.isNaN(Date.parse(started))) {
    const evidence = 'An upload is not complete, and the store does not tell when it began.';
    return [{ kind: 'upload', path, findings: [found('incomplete', uri, 'unread', evidence)] }];
  }
  if (Date.parse(started) > Date.now() - A_DAY_MS) return [{ kind: 'upload', path, findings: [] }];
  const evidence = `An upload that began ${started} was never completed.`;
  return [{ kind: 'upload', path, findings: [found('incomplete', uri, 'failed', evidence)] }];
}
