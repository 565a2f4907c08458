import { able, type StoreLocation, uriOf } from './location.js';
import type { UnfinishedUpload } from './object-store.js';
import { requestsOf } from './request.js';

export interface SweepUploadsOptions {
  /**
   * Only those that began before; a day ago unless told, since nobody can tell an upload that was cut off from one that goes on. Of what a store does not tell when it began, nothing is given up
   * unless this is not in the past.
   */
  readonly olderThan?: Date | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An upload that was begun and is not complete. Nobody sees its bytes, and somebody pays for them. */
export interface SweptUpload {
  readonly uri: string;
  readonly started?: string | undefined;
  /** Whether it was given up now: the store has dropped what it had of it. */
  readonly removed: boolean;
}

const A_DAY_MS = 86_400_000;

/**
 * Gives up what uploads have left that were cut off, at the place and below it. Whoever is in the midst of one that is given up fails, and leaves nothing.
 *
 * @returns all that were found; none where the store forgets them by itself
 * @throws STORE_UNSUPPORTED, ABORTED, and the codes of class `store`
 */
export async function sweepUploads(
  location: StoreLocation,
  { olderThan, signal }: SweepUploadsOptions = {},
): Promise<SweptUpload[]> {
  able(location.store, 'put');
  if (!location.store.unfinished) return [];
  const unfinished = able(location.store, 'unfinished');
  const requests = requestsOf(location);
  const now = Date.now();
  const before = olderThan?.getTime() ?? now - A_DAY_MS;
  const found = await requests.run(`list what was begun in ${uriOf(location)}`, signal, async (call) => {
    const all: UnfinishedUpload[] = [];
    for await (const upload of unfinished(location.key, call)) {
      call.progress();
      if (isBelow(location.key, upload.key)) all.push(upload);
    }
    return all;
  });
  const swept: SweptUpload[] = [];
  for (const upload of found) {
    const { key, started } = upload;
    const uri = uriOf({ ...location, key });
    const removed = (started === undefined ? now : Date.parse(started)) <= before;
    if (removed) await requests.run(`give up the upload of ${uri}`, signal, (call) => upload.abort(call));
    swept.push({ uri, ...(started !== undefined && { started }), removed });
  }
  return swept;
}

/** Below a name is not what only begins with the same letters. */
function isBelow(key: string, found: string): boolean {
  return key === '' || found === key || found.startsWith(`${key}/`);
}
