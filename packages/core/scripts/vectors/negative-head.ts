import { concat } from '../../src/format/bytes.js';
import { encodeCopy } from '../../src/format/envelope-copy.js';
import { AREA, at, type Change, COPY_A, COPY_B, FIVE, flip, negative, sha256 } from './faults.js';
import type { NegativeVector } from './types.js';

export function preambleVectors(): NegativeVector[] {
  return [
    negative('magic', 'Another first byte.', FIVE, 'NOT_SEALED', at(0, 0x88)),
    negative('no-bytes', 'An empty file.', FIVE, 'NOT_SEALED', (file) => file.slice(0, 0)),
    negative('magic-only', 'The file ends after the magic.', FIVE, 'PAYLOAD_TRUNCATED', (file) =>
      file.slice(0, 8),
    ),
    negative('version', 'Format version 2.', FIVE, 'UNSUPPORTED_VERSION', at(9, 2)),
    negative('flags', 'A flag.', FIVE, 'UNSUPPORTED_VERSION', at(11, 1)),
    negative('area-odd', 'An area that is no multiple of 4096.', FIVE, 'HEADER_INVALID', at(15, 1)),
    negative('area-huge', 'An area of 4 GiB − 1.', FIVE, 'HEADER_INVALID', at(12, 255, 255, 255, 255)),
    negative('area-zero', 'An area of nothing.', FIVE, 'HEADER_INVALID', at(12, 0, 0, 0, 0)),
    negative(
      'payload-offset',
      'A payload offset that is not 4096 + 2·area.',
      FIVE,
      'HEADER_INVALID',
      at(22, 0x40),
    ),
    negative(
      'preamble-padding',
      'The last byte of the preamble is not zero.',
      FIVE,
      'HEADER_INVALID',
      at(4095, 1),
    ),
  ];
}

export function copyVectors(): NegativeVector[] {
  const both =
    (offset: number, ...bytes: number[]): Change =>
    (file) => {
      file.set(bytes, COPY_A + offset);
      file.set(bytes, COPY_B + offset);
      return file;
    };
  const generation =
    (value: bigint): Change =>
    (file, { forged }) => {
      const copy = encodeCopy({ generation: 1, document: forged.document }, AREA);
      new DataView(copy.buffer).setBigUint64(8, value);
      const rest = forged.document;
      copy.set(sha256(concat(copy.subarray(0, 24), rest)), 24);
      file.set(copy, COPY_A);
      file.set(copy, COPY_B);
      return file;
    };
  return [
    negative('copies-magic', 'Neither copy has its magic.', FIVE, 'ENVELOPE_DAMAGED', both(0, 0)),
    negative(
      'copies-checksum',
      'Neither checksum is right.',
      FIVE,
      'ENVELOPE_DAMAGED',
      flip(COPY_A + 24, COPY_B + 24),
    ),
    negative(
      'copies-length',
      'Both documents are longer than their copies.',
      FIVE,
      'ENVELOPE_DAMAGED',
      both(16, 255, 255, 255, 255),
    ),
    negative('copies-padding', 'Neither copy ends in zeros.', FIVE, 'ENVELOPE_DAMAGED', both(AREA - 1, 1)),
    negative('copies-reserved', 'The zero field is not zero.', FIVE, 'ENVELOPE_DAMAGED', both(23, 1)),
    negative('generation-zero', 'Both copies have generation 0.', FIVE, 'ENVELOPE_DAMAGED', generation(0n)),
    negative(
      'generation-unsafe',
      'Both copies have generation 2^53.',
      FIVE,
      'ENVELOPE_DAMAGED',
      generation(2n ** 53n),
    ),
    negative(
      'generation-changed',
      'Another generation than the MAC covers.',
      FIVE,
      'ENVELOPE_TAMPERED',
      generation(2n),
    ),
    negative(
      'no-fallback',
      'Copy B has a higher generation and a wrong MAC; copy A is sound and must not be used.',
      FIVE,
      'ENVELOPE_TAMPERED',
      (file, { forged }) => {
        file.set(encodeCopy({ generation: 2, document: forged.document }, AREA), COPY_B);
        return file;
      },
    ),
  ];
}
