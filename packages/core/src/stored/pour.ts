import { atOnce } from '../engine/at-once.js';
import { throwIfAborted } from '../errors.js';
import type { ByteSource } from '../io/byte-source.js';
import { hasStretches, type StretchSource } from '../io/stretch.js';
import { readAhead } from '../store/read-ahead.js';
import type { OpenPiece } from './piece.js';
import { isSealedHead } from './plan.js';

const LANES = 16;
/** As much as one write takes. */
const BATCH_BYTES = 1_048_576;

type Use = (bytes: Uint8Array, at: number) => Promise<void>;

/** Returns whether what was copied begins as what is sealed does. */
export async function pour(
  from: OpenPiece,
  write: (bytes: Uint8Array, offset: number) => Promise<void>,
  signal: AbortSignal,
  progress: (bytes: number) => void,
): Promise<boolean> {
  let sealed = false;
  const use: Use = async (bytes, at) => {
    if (at === 0) sealed = isSealedHead(bytes);
    await write(bytes, at);
    progress(bytes.length);
  };
  const { source } = from;
  if (hasStretches(source) && source.size > source.stretchBytes) await inStretches(source, signal, use);
  else await inOrder(source, signal, use);
  await from.checkAtRest();
  throwIfAborted(signal);
  return sealed;
}

async function inOrder(source: ByteSource, signal: AbortSignal, use: Use): Promise<void> {
  let at = 0;
  for await (const bytes of readAhead(source, 0, source.size, signal)) {
    await use(bytes, at);
    at += bytes.length;
  }
}

/** As much as that is, it comes in no order. */
async function inStretches(
  source: StretchSource & { readonly stretchBytes: number },
  signal: AbortSignal,
  use: Use,
): Promise<void> {
  const memory: Uint8Array[] = [];
  const starts = Array.from(
    { length: Math.ceil(source.size / source.stretchBytes) },
    (_, n) => n * source.stretchBytes,
  );
  await atOnce(starts, LANES, signal, async (start) => {
    const end = Math.min(source.size, start + source.stretchBytes);
    const stretch = source.stretch(start, end - start);
    const batch = memory.pop() ?? new Uint8Array(BATCH_BYTES);
    try {
      for (let at = start; at < end; at += batch.length) {
        const bytes = batch.subarray(0, Math.min(batch.length, end - at));
        await stretch.readInto(bytes, signal);
        await use(bytes, at);
      }
      memory.push(batch);
    } finally {
      await stretch.close();
    }
  });
}
