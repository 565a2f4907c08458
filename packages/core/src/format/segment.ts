import { createCipheriv, createDecipheriv } from 'node:crypto';
import { view } from './bytes.js';
import { segmentAad } from './kdf.js';
import { NOT_FINAL, OVERHEAD, SEGMENT_HEAD, TAG } from './sizes.js';

// FORMAT.md §9.4: marker 4, nonce 12, ciphertext, tag 16. Pure: bytes in, bytes out.

/** A segment as the three pieces that follow one another, so that a writer can gather them without a copy. */
export type SegmentPieces = readonly [head: Uint8Array, ciphertext: Uint8Array, tag: Uint8Array];

export function encryptSegment(
  key: Uint8Array,
  position: number,
  final: boolean,
  nonce: Uint8Array,
  plaintext: Uint8Array,
): SegmentPieces {
  const head = new Uint8Array(SEGMENT_HEAD);
  view(head).setUint32(0, final ? plaintext.length + OVERHEAD : NOT_FINAL);
  head.set(nonce, 4);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(segmentAad(position, final));
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return [head, ciphertext, cipher.getAuthTag()];
}

/** The plaintext of a segment, undefined when its marker or its tag is not right for this position. */
export function decryptSegment(
  key: Uint8Array,
  position: number,
  final: boolean,
  segment: Uint8Array,
): Uint8Array | undefined {
  if (view(segment).getUint32(0) !== (final ? segment.length : NOT_FINAL)) return undefined;
  const nonce = segment.subarray(4, SEGMENT_HEAD);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
  decipher.setAAD(segmentAad(position, final)).setAuthTag(segment.subarray(-TAG));
  const plaintext = decipher.update(segment.subarray(SEGMENT_HEAD, -TAG));
  try {
    decipher.final();
    return plaintext;
  } catch {
    plaintext.fill(0);
    return undefined;
  }
}

/**
 * Gives a large buffer's memory back at once. Node's cipher allocates a new one for every call; left to the garbage
 * collector they pile up to hundreds of MiB and cost a page fault for each page.
 */
export function release(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length && bytes.length >= 65_536)
    buffer.transfer(0);
}
