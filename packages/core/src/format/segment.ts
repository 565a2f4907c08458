import { createCipheriv, createDecipheriv } from '../common/crypto.js';
import { view } from './bytes.js';
import { segmentAad } from './kdf.js';
import { NOT_FINAL, OVERHEAD, SEGMENT_HEAD, TAG } from './sizes.js';

// FORMAT.md §9.4: marker 4, nonce 12, ciphertext, tag 16.

/**
 * Brings `length` bytes of the input at `at`, to be used before the next call. A segment is taken in pieces that stay in the processor's
 * cache between reading and encrypting.
 */
export type PieceReader = (at: number, length: number) => Uint8Array;

/** Encrypts a plaintext of `length` bytes into the pieces of a segment, which a writer can gather without a copy. */
export function encryptPieces(
  key: Uint8Array,
  position: number,
  final: boolean,
  nonce: Uint8Array,
  length: number,
  read: PieceReader,
  pieceLength: number,
): Uint8Array[] {
  const head = new Uint8Array(SEGMENT_HEAD);
  view(head).setUint32(0, final ? length + OVERHEAD : NOT_FINAL);
  head.set(nonce, 4);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(segmentAad(position, final));
  const pieces: Uint8Array[] = [head];
  for (let at = 0; at < length; at += pieceLength) {
    pieces.push(cipher.update(read(at, Math.min(pieceLength, length - at))));
  }
  cipher.final();
  pieces.push(cipher.getAuthTag());
  return pieces;
}

/** The plaintext's pieces of a segment of `length` bytes; undefined when its marker or its tag is not right for this position. */
export function decryptPieces(
  key: Uint8Array,
  position: number,
  final: boolean,
  length: number,
  read: PieceReader,
  pieceLength: number,
): Uint8Array[] | undefined {
  const end = length - TAG;
  let input = read(0, Math.min(length, SEGMENT_HEAD + pieceLength));
  if (view(input).getUint32(0) !== (final ? length : NOT_FINAL)) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, input.subarray(4, SEGMENT_HEAD), {
    authTagLength: TAG,
  });
  decipher.setAAD(segmentAad(position, final));
  const pieces: Uint8Array[] = [];
  for (let at = 0, from = SEGMENT_HEAD; ; from = 0) {
    const next = at + input.length;
    if (at + from < end) pieces.push(decipher.update(input.subarray(from, Math.min(input.length, end - at))));
    if (next === length) break;
    at = Math.min(next, end);
    // The tag is never split: the last piece brings all of it.
    input = read(at, at + pieceLength >= end ? length - at : pieceLength);
  }
  decipher.setAuthTag(input.slice(-TAG));
  try {
    decipher.final();
    return pieces;
  } catch {
    for (const piece of pieces) piece.fill(0);
    return undefined;
  }
}

/** A segment as it follows from its plaintext: head, ciphertext, tag. */
export function encryptSegment(
  key: Uint8Array,
  position: number,
  final: boolean,
  nonce: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array[] {
  const { length } = plaintext;
  return encryptPieces(key, position, final, nonce, length, pieceOf(plaintext), Math.max(1, length));
}

/** The plaintext of a segment, undefined when its marker or its tag is not right for this position. */
export function decryptSegment(
  key: Uint8Array,
  position: number,
  final: boolean,
  segment: Uint8Array,
): Uint8Array | undefined {
  const pieces = decryptPieces(key, position, final, segment.length, pieceOf(segment), segment.length);
  return pieces && (pieces[0] ?? new Uint8Array(0));
}

export function pieceOf(bytes: Uint8Array): PieceReader {
  return (at, length) => bytes.subarray(at, at + length);
}

/**
 * Gives a large buffer's memory back at once. Node's cipher allocates a new one for every call; left to the garbage
 * collector they pile up to hundreds of MiB and cost a page fault for each page.
 */
export function release(bytes: Uint8Array): void {
  const { buffer } = bytes;
  // Shared memory has no `transfer`; `instanceof` would know only the buffers of this realm.
  if (bytes.length >= 65_536 && buffer.byteLength === bytes.length && 'transfer' in buffer)
    buffer.transfer(0);
}
