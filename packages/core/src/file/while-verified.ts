import { verify } from './open.js';
import type { Opened } from './open-all.js';
import type { UnlockOptions } from './unlock.js';

/**
 * Uses what is sealed, piece by piece, and opens it at the same time as a reader would that has nothing but these bytes and the keys: for what cannot be read back before it is visible. Nothing
 * but the piece that is used is held.
 *
 * @throws what opening throws, what the pieces throw, what using them throws
 */
export async function whileVerified(
  pieces: AsyncIterable<Uint8Array>,
  use: (bytes: Uint8Array) => Promise<unknown>,
  options: UnlockOptions,
  progress: (bytes: number) => void,
): Promise<Opened> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  let told = 0;
  const verifying = verify(readable, {
    ...options,
    onProgress: ({ bytes }) => {
      progress(bytes - told);
      told = bytes;
    },
  });
  verifying.catch(() => {});
  // A stream that nobody reads any more says so; why is what opening has thrown.
  const taken = (writing: Promise<void>): Promise<void> =>
    writing.catch(async (reason: unknown) => {
      await verifying;
      throw reason;
    });
  try {
    for await (const bytes of pieces) await Promise.all([use(bytes), taken(writer.write(bytes))]);
    await taken(writer.close());
    return await verifying;
  } catch (error) {
    await writer.abort(error).catch(() => {});
    // It holds keys until it has ended.
    await verifying.catch(() => {});
    throw error;
  }
}
