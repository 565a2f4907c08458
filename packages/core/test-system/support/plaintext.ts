import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

/** Stands in every 4 KiB of the plaintexts, so that a piece of one is known wherever it lies. */
const MARKER = 'plaintext-of-the-weightseal-system-tests';

/** Writes a plaintext of its own for each seed, and returns its digest as the sealed metadata has it. */
export function writePlaintext(path: string, bytes: number, seed: number): string {
  const out = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 4096) {
    out.write(`${MARKER} ${seed} ${at}`, at);
    out.fill(seed + (at >> 12), Math.min(at + 64, bytes), Math.min(at + 4096, bytes));
  }
  writeFileSync(path, out);
  return digestOf(out);
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function holdsPlaintext(path: string): boolean {
  return readFileSync(path).includes(MARKER);
}
