// Answers of a store out of pieces. Pure.

export async function* nothing(): AsyncGenerator<Uint8Array, void> {}

/** What is in memory, and then what comes. */
export async function* joined(
  memory: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  if (memory.length > 0) yield memory;
  yield* rest;
}

/** Who hears of the pieces of a body on their way. */
export interface Watching {
  /** Told before it goes on, and of the milliseconds for which it was waited. What it throws ends the body. */
  onPiece(piece: Uint8Array, waitedMs: number): void;
  /** All of it has come. */
  onEnd?(): void;
  /** What the body failed with, which may be called otherwise. */
  failed(error: unknown): unknown;
}

export async function* watched(
  body: AsyncIterable<Uint8Array>,
  { onPiece, onEnd, failed }: Watching,
): AsyncGenerator<Uint8Array, void> {
  const pieces = body[Symbol.asyncIterator]();
  let over = false;
  try {
    for (;;) {
      const began = performance.now();
      const next = await pieces.next().catch((error: unknown) => {
        over = true;
        throw failed(error);
      });
      if (next.done) break;
      onPiece(next.value, performance.now() - began);
      yield next.value;
    }
    over = true;
    onEnd?.();
  } finally {
    if (!over) await pieces.return?.();
  }
}

/** Gives its connection free. What has not begun has nothing to end. */
export async function ended(body: AsyncIterable<Uint8Array>): Promise<void> {
  const pieces = body[Symbol.asyncIterator]();
  await pieces.next().catch(() => {});
  await pieces.return?.();
}
