import { createHmac } from '../common/crypto.js';
import { concat, secretBytes, u64, utf8 } from './bytes.js';

const HKDF_BLOCK = Uint8Array.of(1);

/** KDF(key, info, n): HKDF-Expand-SHA-384 of one block, n ≤ 48. FORMAT.md §1.6. The caller zeroes the result. */
export function kdf(key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const block = createHmac('sha384', key).update(info).update(HKDF_BLOCK).digest();
  const out = secretBytes(length);
  out.set(block.subarray(0, length));
  block.fill(0);
  return out;
}

/** `"weightseal/v1/<name>" 00`: the prefix that keeps every use of the data key apart. FORMAT.md §7, §8. */
export function label(name: string): Uint8Array {
  return utf8(`weightseal/v1/${name}\0`);
}

/** The keys of FORMAT.md §7, each under a label of its own. The caller zeroes them. */
export function envelopeMacKey(dataKey: Uint8Array, id: Uint8Array): Uint8Array {
  return kdf(dataKey, concat(label('envelope-mac'), id), 48);
}

export function metadataKey(dataKey: Uint8Array, id: Uint8Array): Uint8Array {
  return kdf(dataKey, concat(label('metadata-key'), id), 32);
}

export function payloadKey(dataKey: Uint8Array, id: Uint8Array, name: string): Uint8Array {
  return kdf(dataKey, concat(label('payload-key'), id, utf8(name)), 32);
}

/** The key of a bundle's member table: FORMAT.md §19.1. The caller zeroes it. */
export function tableKey(dataKey: Uint8Array, id: Uint8Array): Uint8Array {
  return kdf(dataKey, concat(label('table-key'), id), 32);
}

/** The associated data of segment `position`: FORMAT.md §9.4. */
export function segmentAad(position: number, final: boolean): Uint8Array {
  return concat(u64(position), Uint8Array.of(final ? 1 : 0));
}
