import { throwIfAborted } from '../errors.js';
import { type ByteSource, readExactly } from '../io/byte-source.js';
import type { ReadOptions } from '../io/reads.js';

/** Of what was read and is not used yet, no more than this is held. */
const AHEAD_BYTES = 67_108_864;
const PIECE_BYTES = 4_194_304;
const AT_ONCE = 16;

/** The bytes from `from` to `to`, in order, several requests ahead of whoever takes them. @throws what the source throws, ABORTED */
export async function* readAhead(
  source: ByteSource,
  from: number,
  to: number,
  signal: AbortSignal | undefined,
  reads: ReadOptions = source,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { concurrency = AT_ONCE, requestBytes = PIECE_BYTES } = reads;
  const width = Math.max(1, Math.min(concurrency, Math.floor(AHEAD_BYTES / requestBytes)));
  const ending = new AbortController();
  const onAbort = () => ending.abort(signal!.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const underWay: Promise<Uint8Array>[] = [];
  let next = from;
  try {
    while (next < to || underWay.length > 0) {
      throwIfAborted(signal);
      for (; next < to && underWay.length < width; next += requestBytes) {
        const piece = readExactly(source, next, Math.min(requestBytes, to - next), ending.signal);
        // Whoever awaits it later sees that it failed.
        piece.catch(() => {});
        underWay.push(piece);
      }
      yield await underWay.shift()!;
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    ending.abort();
    await Promise.allSettled(underWay);
  }
}
