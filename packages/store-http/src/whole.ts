import { askStore, type ObjectStore, type StoreTuning, WeightsealError } from '@weightseal/core';
import { HttpStore } from './http-store.js';

/**
 * All of a small answer that has neither ranges nor a version, as the index of `weightseal serve`, with what the store is given. Attempts, pauses and deadlines are those of every request.
 *
 * @throws STORE_UNSUPPORTED for a store of another kind, STORE_RESPONSE_INVALID for more bytes, STORE_TIMEOUT, ABORTED, and what reading throws
 */
export async function readWhole(
  store: ObjectStore,
  key: string,
  mostBytes: number,
  signal: AbortSignal,
  tuning: StoreTuning = {},
): Promise<Uint8Array> {
  if (!(store instanceof HttpStore))
    throw new WeightsealError('STORE_UNSUPPORTED', `${store.uri} is no store over https.`);
  return await askStore({ store, key, tuning }, `read ${store.uri}/${key}`, signal, async (call) => {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of await store.whole(key, call)) {
      call.progress(piece.length);
      length += piece.length;
      if (length > mostBytes)
        throw new WeightsealError(
          'STORE_RESPONSE_INVALID',
          `The answer of ${store.uri} has more than ${mostBytes} bytes.`,
        );
      pieces.push(Uint8Array.from(piece));
    }
    return Buffer.concat(pieces);
  });
}
