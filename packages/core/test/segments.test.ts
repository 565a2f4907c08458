import { writeFile } from 'node:fs/promises';
import { openReader, openToFile, openToStream, reseal, sealToFile, verify } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { concat } from '../src/format/bytes.js';
import {
  decryptPieces,
  decryptSegment,
  encryptPieces,
  encryptSegment,
  pieceOf,
} from '../src/format/segment.js';
import { OVERHEAD } from '../src/format/sizes.js';
import { MemoryKey } from './support/memory-key.js';
import { collect, pattern } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const temp = await temporary();
const key = pattern(32, 5);
const nonce = pattern(12, 6);

/** A reader whose memory is overwritten by its next call, as that of the threads is. */
function reusing(bytes: Uint8Array) {
  const memory = new Uint8Array(bytes.length);
  return (at: number, length: number) => {
    memory.fill(0xee);
    memory.set(bytes.subarray(at, at + length));
    return memory.subarray(0, length);
  };
}

describe('a segment that is done in pieces', () => {
  it('is the same as one that is done at once, for every length and every size of piece', () => {
    for (let length = 0; length <= 70; length++) {
      const plaintext = pattern(length);
      const whole = concat(...encryptSegment(key, 3, true, nonce, plaintext));
      for (const piece of [1, 7, 15, 16, 17, 31, 32, 33, 64, 100]) {
        const sealed = encryptPieces(key, 3, true, nonce, length, reusing(plaintext), piece);
        expect(Buffer.compare(concat(...sealed), whole), `${length} by ${piece}`).toBe(0);
        const opened = decryptPieces(key, 3, true, whole.length, reusing(whole), piece);
        expect(opened && Buffer.compare(concat(...opened), plaintext), `${length} by ${piece}`).toBe(0);
      }
    }
  });

  it('gives pieces of the size that was asked for, which a reseal relies on', () => {
    for (let length = 1; length <= 70; length++) {
      const whole = concat(...encryptSegment(key, 0, false, nonce, pattern(length)));
      const lengths = decryptPieces(key, 0, false, whole.length, pieceOf(whole), 16)!.map(
        (piece) => piece.length,
      );
      for (const [i, it] of lengths.entries()) expect(it).toBe(Math.min(16, length - 16 * i));
    }
  });

  it('gives nothing at all when any bit of it, its number or its kind is another', () => {
    const whole = concat(...encryptSegment(key, 3, true, nonce, pattern(50)));
    const open = (bytes: Uint8Array, position = 3, final = true) =>
      decryptPieces(key, position, final, bytes.length, reusing(bytes), 16);
    expect(open(whole)).toBeDefined();
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const changed = whole.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      if (open(changed) || decryptSegment(key, 3, true, changed)) expect.fail(`bit ${bit}`);
    }
    expect(open(whole, 2)).toBeUndefined();
    expect(open(whole, 3 + 2 ** 32)).toBeUndefined();
    expect(open(whole, 3, false)).toBeUndefined();
    for (let length = OVERHEAD; length < whole.length; length++)
      expect(open(whole.slice(0, length))).toBeUndefined();
  });
});

describe('files of large segments, which threads do in pieces of 256 KiB', () => {
  const PIECE = 262_144;
  const cases = [
    [1_048_608, 5_000_000],
    [1_048_608, 5 * 1_048_576],
    [1_048_608, 5 * 1_048_576 + 1],
    [PIECE + 16, 4_500_000],
    [PIECE + 31, 20 * (PIECE - 1) + 5],
    [PIECE + 32, 20 * PIECE],
    [PIECE + 33, 20 * (PIECE + 1)],
    [2 * PIECE + 40, 10 * (2 * PIECE + 8) + PIECE],
    [5_000_000, 1000],
    [16_777_216, 4_300_000],
  ] as const;

  it.each(cases)('segments of %i bytes, %i bytes of plaintext', async (segmentLength, size) => {
    const keys = [new MemoryKey('a')];
    const plaintext = pattern(size, segmentLength);
    const [input, sealed, opened] = [temp.path(), temp.path(), temp.path()];
    await writeFile(input, plaintext);
    await sealToFile(input, sealed, { keys, segmentLength });
    expect(await verify(sealed, { keys })).toMatchObject({ size, digestVerified: true });
    await reseal(sealed, { keys });
    await openToFile(sealed, opened, { keys, digest: true });
    expect(Buffer.compare(await collect(openToStream(sealed, { keys })), plaintext)).toBe(0);
    await using reader = await openReader(sealed, { keys });
    const from = Math.max(0, size - 700_000);
    expect(Buffer.compare(await reader.read(from, size - from), plaintext.subarray(from))).toBe(0);
  });
});
