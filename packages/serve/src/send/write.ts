import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import { WeightsealError } from '@weightseal/core';

export type Response = ServerResponse | Http2ServerResponse;

/**
 * Writes a piece, and resolves when it is with the kernel, so that its memory can be used again; unless it throws.
 *
 * @throws ABORTED for a client that takes nothing of it in `stallMs`, or has left
 */
export async function written(
  response: Response,
  piece: Uint8Array | string,
  stallMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) throw left();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => over(stalled()), stallMs);
    const onAbort = () => over(left());
    const over = (error?: Error | null) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      if (error) reject(error);
      else resolve();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    (response as ServerResponse).write(piece, over);
  });
}

/** The end of a connection: what was promised cannot be sent. Of HTTP/2 it is that of the stream. */
export function cut(response: Response): void {
  const { stream } = response as Partial<Http2ServerResponse>;
  // Not the answer: one that waits for its turn has no connection yet, and would never come.
  if (!stream) (response as ServerResponse).req.socket.destroy();
  // INTERNAL_ERROR, RFC 9113 §7: a stream that ends otherwise would look whole to a client that does not count.
  else if (!stream.destroyed) stream.close(2);
}

function stalled(): WeightsealError {
  return new WeightsealError('ABORTED', 'The client takes nothing of what is sent.');
}

function left(): WeightsealError {
  return new WeightsealError('ABORTED', 'The client has left before all was sent.');
}
