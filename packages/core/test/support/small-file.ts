import { type Forged, forge, type Parts } from './forge.js';
import { MemoryKey } from './memory-key.js';
import { pattern } from './sealed.js';
import { kekOf, wrapWith } from './wrap.js';

// A file of five segments of 64 bytes with two recipients, to be damaged in every way.
export const AREA = 4096;
export const COPY_A = 4096;
export const SEGMENT = 64;
export const PLAINTEXT: Uint8Array<ArrayBuffer> = pattern(150);

export function smallParts(seed: number, area: number = AREA): Parts {
  const dataKey = pattern(32, seed);
  const context = { model: 'small', version: '1' };
  return {
    dataKey,
    id: pattern(16, seed + 1),
    context,
    recipients: ['memory:one', 'elsewhere:two', 'memory:three'].map((keyUri, index) => ({
      provider: keyUri.split(':')[0]!,
      keyUri,
      keyVersion: '1',
      algorithm: 'AES-256-GCM',
      ciphertext: wrapWith(kekOf(keyUri), dataKey, context, pattern(12, seed + 2 + index)),
    })),
    plaintext: PLAINTEXT,
    segmentLength: SEGMENT,
    area,
    generation: 3,
    iv: pattern(32, seed + 10),
    nonce: (of) => pattern(12, seed + 20 + (of === 'metadata' ? 0 : of + 1)),
    metadata: { name: 'small.bin', size: PLAINTEXT.length },
  };
}

export function smallFile(area?: number, seed = 100): Forged {
  return forge(smallParts(seed, area));
}

/** A key that gives the file's data key for any slot, so that nothing but the format's own checks refuses it. */
export function dataKeyOf(seed = 100): MemoryKey {
  const key = new MemoryKey('one');
  key.unwrap = async () => {
    key.unwraps++;
    return pattern(32, seed);
  };
  return key;
}
