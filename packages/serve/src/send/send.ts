import type { ByteRange } from '../http/range.js';
import { changed } from '../http/status.js';
import type { Found } from '../root/root.js';
import { PieceSize, type Pieces } from './pieces.js';
import type { Rate } from './rate.js';
import { type Response, written } from './write.js';

export interface Sending {
  readonly pieces: Pieces;
  readonly rate: Rate | undefined;
  readonly stallMs: number;
  /** Fires when the client has left, or is to be cut. */
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

interface Piece {
  readonly buffer: Buffer;
  readonly length: number;
}

/**
 * Sends a range of a file, one piece being read while the one before is sent. Before a piece is sent the file is seen to be the same still, so that nobody gets the beginning of one and the end of another.
 *
 * @throws INPUT_CHANGED, ABORTED, and what reading throws: the answer is to be cut then
 */
export async function send(
  response: Response,
  found: Found,
  { start, end }: ByteRange,
  { pieces, rate, stallMs, signal, onBytes }: Sending,
): Promise<void> {
  using _share = pieces.begin();
  const size = new PieceSize();
  const read = async (at: number): Promise<Piece> => {
    const bytes = size.next(pieces.most, end - at);
    const length = Math.min(bytes, end - at);
    // Before it is read: who waits for its rate holds no memory.
    await rate?.wait(length, signal);
    const buffer = pieces.take(bytes);
    await found.source.readInto(buffer.subarray(0, length), at, signal);
    if (!(await found.unchanged())) throw changed();
    return { buffer, length };
  };
  let next = start < end ? read(start) : undefined;
  for (let at = start; next; ) {
    const { buffer, length }: Piece = await next;
    at += length;
    next = at < end && pieces.ahead ? read(at) : undefined;
    // Whoever awaits it sees that it failed; a write that fails first leaves it alone.
    next?.catch(() => {});
    try {
      const begun = performance.now();
      await written(response, buffer.subarray(0, length), stallMs, signal);
      size.took(performance.now() - begun);
    } catch (error) {
      // Whoever closes the file must not do so under a read.
      await next?.catch(() => {});
      throw error;
    }
    pieces.give(buffer);
    onBytes(length);
    if (at < end) next ??= read(at);
  }
}
