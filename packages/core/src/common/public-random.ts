import { randomFillSync } from './crypto.js';

/** Random bytes that are told to everybody: nonces and IVs, never keys. One call to the generator costs more than encrypting a KiB, so that many of them share one. */
const LENGTH = 4096;
let pool: Uint8Array | undefined;
let used = LENGTH;

/** @param length at most 4096 bytes */
export function publicRandom(length: number): Uint8Array<ArrayBuffer> {
  pool ??= new Uint8Array(LENGTH);
  if (used + length > LENGTH) {
    randomFillSync(pool);
    used = 0;
  }
  used += length;
  return pool.slice(used - length, used) as Uint8Array<ArrayBuffer>;
}
