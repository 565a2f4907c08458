import { createHash } from '../common/crypto.js';
import { throwIfAborted } from '../errors.js';
import { type ByteSource, FileSource, readExactly } from '../io/byte-source.js';
import { type ReadOptions, readsFor } from '../io/reads.js';
import { anySignal } from '../keys/any-signal.js';

const COPY_BYTES = 1_048_576;

/** Reads a source from its beginning to its end, gives it out in pieces that are good until the next one, and returns the SHA-256 of it. */
export async function digestWhile(
  source: ByteSource,
  signal: AbortSignal | undefined,
  use: (bytes: Uint8Array, at: number) => Promise<void>,
  reads: ReadOptions = {},
): Promise<Uint8Array> {
  if (source instanceof FileSource) return await digestFile(source, signal, use);
  const hash = createHash('sha256');
  let done = 0;
  for await (const bytes of readInOrder(source, reads, signal)) {
    hash.update(bytes);
    await use(bytes, done);
    done += bytes.length;
  }
  return hash.digest();
}

/** All of a source, several reads of it under way at once. What ends it early waits for none of them, but ends them. */
async function* readInOrder(
  source: ByteSource,
  reads: ReadOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { concurrency, requestBytes } = readsFor(reads, 1);
  const ending = new AbortController();
  const either = anySignal(signal, ending.signal);
  const underWay: Promise<Uint8Array>[] = [];
  let at = 0;
  const fill = (): void => {
    for (; at < source.size && underWay.length < concurrency; at += requestBytes) {
      const reading = readExactly(source, at, Math.min(requestBytes, source.size - at), either);
      // Whoever awaits it sees the rejection; until then it is not an unhandled one.
      reading.catch(() => {});
      underWay.push(reading);
    }
  };
  try {
    for (fill(); underWay.length > 0; fill()) {
      throwIfAborted(signal);
      yield await underWay.shift()!;
    }
  } finally {
    ending.abort();
    await Promise.allSettled(underWay);
  }
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
