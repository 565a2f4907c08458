import { atOnce } from '../engine/at-once.js';
import { type Entry, fileOf } from './entry.js';
import { sealError } from './member-error.js';
import type { PrefixWriter } from './prefix-writer.js';

/** Memory that a thread fills, for each of a few small files. */
export function outputMemory(some: readonly Entry[], sizeOf: (entry: Entry) => number): Uint8Array[] {
  const sizes = some.map(sizeOf);
  const memory = new SharedArrayBuffer(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return new Uint8Array(memory, at - size, size);
  });
}

export async function putAll(
  some: readonly Entry[],
  memory: readonly Uint8Array[],
  out: PrefixWriter,
  signal: AbortSignal | undefined,
): Promise<void> {
  await atOnce(some.entries(), some.length, signal, async ([at, entry]) => {
    // Not the memory that threads share: what sends it may take none such.
    await out.put(fileOf(entry), memory[at]!.slice()).catch((error: unknown) => {
      throw sealError(error, entry.path);
    });
  });
}
