import {
  isWeightsealError,
  type ObjectStore,
  type StoreLocation,
  type SweptUpload,
  sweepUploads,
} from '@weightseal/core';
import { found, isEnd, toldOf } from './found.js';
import type { AuditedObject } from './types.js';

/** Nothing began before it, so nothing is given up: they are only listed. */
const NEVER = new Date(-8.64e15);
/** As many are listed: each is held until all are. Nobody has so many at once whose uploads come to an end. */
export const MOST_UPLOADS = 10_000;
/** As long as nobody uploads. */
const A_DAY_MS = 86_400_000;

/** Uploads that were begun at the place or below it, more than a day ago, and are not complete. None of them is touched. */
export async function lookAtUploads(
  location: StoreLocation,
  signal: AbortSignal | undefined,
): Promise<AuditedObject[]> {
  const { store } = location;
  if (!store.unfinished || !store.put) return [];
  const few = { more: false };
  try {
    const listed = await sweepUploads(
      { ...location, store: listingFew(store, few) },
      { olderThan: NEVER, signal },
    );
    const told = listed.flatMap((upload) => audited(upload, location));
    if (!few.more) return told;
    const evidence = `It has more than ${MOST_UPLOADS} uploads that are not complete. The others were not looked at.`;
    return [
      ...told,
      { kind: 'upload', path: '', findings: [found('incomplete', store.uri, 'unread', evidence)] },
    ];
  } catch (error) {
    if (isEnd(error)) throw error;
    if (isWeightsealError(error) && error.code === 'STORE_UNSUPPORTED') return [];
    return [
      { kind: 'upload', path: '', findings: [found('incomplete', store.uri, 'unread', toldOf(error))] },
    ];
  }
}

/** The store, and of what was begun in it the first ones only. */
function listingFew(store: ObjectStore, few: { more: boolean }): ObjectStore {
  const { uri, concurrency, requestBytes } = store;
  return {
    uri,
    concurrency,
    requestBytes,
    stat: (...given) => store.stat(...given),
    read: (...given) => store.read(...given),
    put: (...given) => store.put!(...given),
    async *unfinished(prefix, call) {
      let count = 0;
      // Whatever an attempt before this one came to.
      few.more = false;
      for await (const upload of store.unfinished!(prefix, call)) {
        few.more = ++count > MOST_UPLOADS;
        if (few.more) return;
        yield upload;
      }
    },
    close: () => store.close(),
  };
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
