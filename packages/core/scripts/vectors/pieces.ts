import type { Piece } from './types.js';

const GAP = 32;

/** The ranges in which `after` differs from `before`, those that are close to each other together. */
export function differences(before: Uint8Array, after: Uint8Array): Piece[] {
  const ranges: { from: number; to: number }[] = [];
  for (let at = 0; at < after.length; at++) {
    if ((before[at] ?? 0) === after[at]) continue;
    const last = ranges.at(-1);
    if (last && at - last.to < GAP) last.to = at + 1;
    else ranges.push({ from: at, to: at + 1 });
  }
  return ranges.map(({ from, to }) => ({
    at: from,
    hex: Buffer.from(after.slice(from, to)).toString('hex'),
  }));
}

/** The file that pieces describe. */
export function assemble(
  pieces: readonly Piece[],
  size: number,
  base: Uint8Array = new Uint8Array(),
): Uint8Array {
  const out = new Uint8Array(size);
  out.set(base.subarray(0, size));
  for (const { at, hex } of pieces) out.set(Buffer.from(hex, 'hex'), at);
  return out;
}
