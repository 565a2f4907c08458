import type { FileHandle } from 'node:fs/promises';

/**
 * For `await using`: closes the file at the end of the block. What Yarn's Plug'n'Play gives for a FileHandle knows `close`, and cannot be disposed of.
 * @hidden
 */
export function closing(handle: FileHandle): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => handle.close() };
}
