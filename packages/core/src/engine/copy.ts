import { createHash } from '../common/crypto.js';
import { throwIfAborted } from '../errors.js';
import { type ByteSource, FileSource } from '../io/byte-source.js';
import type { ReadOptions } from '../io/reads.js';
import { readAhead } from '../store/read-ahead.js';

const COPY_BYTES = 1_048_576;

/** Reads a source from its beginning to its end, gives it out in pieces that are good until the next one, and returns the SHA-256 of it. */
export async function digestWhile(
  source: ByteSource,
  signal: AbortSignal | undefined,
  use: (bytes: Uint8Array, at: number) => Promise<void>,
  reads?: ReadOptions,
): Promise<Uint8Array> {
  if (source instanceof FileSource) return await digestFile(source, signal, use);
  const hash = createHash('sha256');
  let done = 0;
  for await (const bytes of readAhead(source, 0, source.size, signal, reads)) {
    hash.update(bytes);
    await use(bytes, done);
    done += bytes.length;
  }
  return hash.digest();
}

async function digestFile(
  source: FileSource,
  signal: AbortSignal | undefined,
  use: (bytes: Uint8Array, at: number) => Promise<void>,
): Promise<Uint8Array> {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(Math.min(COPY_BYTES, source.size));
  try {
    for (let at = 0; at < source.size; at += buffer.length) {
      throwIfAborted(signal);
      const part = buffer.subarray(0, Math.min(buffer.length, source.size - at));
      await source.readInto(part, at, signal);
      hash.update(part);
      await use(part, at);
    }
    return hash.digest();
  } finally {
    buffer.fill(0);
  }
}
