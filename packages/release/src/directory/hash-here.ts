import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { closing, throwIfAborted } from '@weightseal/core';

const PIECE = 1 << 20;

/**
 * SHA-256 of a file in this thread, for where there can be no others.
 *
 * @returns undefined for what changed meanwhile
 */
export async function hashHere(
  path: string,
  flags: number,
  onBytes: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const file = await open(path, flags);
  await using _ = closing(file);
  const before = await file.stat({ bigint: true });
  if (!before.isFile()) return undefined;
  const hash = createHash('sha256');
  const memory = Buffer.allocUnsafeSlow(PIECE);
  let size = 0;
  for (;;) {
    throwIfAborted(signal);
    const { bytesRead } = await file.read(memory, 0, memory.length, null);
    if (bytesRead === 0) break;
    hash.update(memory.subarray(0, bytesRead));
    size += bytesRead;
    onBytes(bytesRead);
  }
  const after = await file.stat({ bigint: true });
  const same = BigInt(size) === before.size && after.size === before.size && after.mtimeNs === before.mtimeNs;
  return same ? hash.digest('hex') : undefined;
}
