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

/** Tells of each piece before it goes on, and of what the body failed with, which may be called otherwise. */
export async function* watched(
  body: AsyncIterable<Uint8Array>,
  onPiece: (piece: Uint8Array) => void,
  failed: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array, void> {
  const pieces = body[Symbol.asyncIterator]();
  let over = false;
  try {
    for (;;) {
      const next = await pieces.next().catch((error: unknown) => {
        over = true;
        throw failed(error);
      });
      if (next.done) break;
      onPiece(next.value);
      yield next.value;
    }
    over = true;
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
