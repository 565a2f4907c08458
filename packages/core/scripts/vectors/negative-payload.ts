import { concat } from '../../src/format/bytes.js';
import {
  at,
  BODY,
  type Change,
  FIVE,
  flip,
  inner,
  negative,
  PAYLOAD,
  positive,
  SEGMENT,
  segment,
  segments,
} from './faults.js';
import { make } from './positive.js';
import type { NegativeVector } from './types.js';

export function payloadVectors(): NegativeVector[] {
  const other = make({ ...positive(FIVE).plan, comment: '', name: 'another file' }).forged.bytes;
  const splice =
    (from: number, to: number): Change =>
    (file) => {
      file.set(other.subarray(from, to), from);
      return file;
    };
  const invalid = 'PAYLOAD_HEADER_INVALID';
  return [
    negative('floe-aead', 'Another AEAD in the parameters.', FIVE, invalid, at(PAYLOAD, 1)),
    negative('floe-hash', 'Another hash in the parameters.', FIVE, invalid, at(PAYLOAD + 1, 1)),
    negative('floe-iv-length', 'Another IV length in the parameters.', FIVE, invalid, at(PAYLOAD + 9, 12)),
    negative('floe-segment-63', 'Segments of 63 bytes.', FIVE, invalid, at(PAYLOAD + 5, 63)),
    negative(
      'floe-segment-huge',
      'Segments of 4 GiB − 1.',
      FIVE,
      invalid,
      at(PAYLOAD + 2, 255, 255, 255, 255),
    ),
    negative(
      'floe-segment-16-mib',
      'Segments one byte over 16 MiB.',
      FIVE,
      invalid,
      at(PAYLOAD + 2, 1, 0, 0, 1),
    ),
    negative(
      'floe-segment-other',
      'Segments of 65 bytes: allowed, and not what was sealed.',
      FIVE,
      // Without a key nobody can tell that the last segment only seems to be changed.
      { code: 'PAYLOAD_HEADER_TAMPERED', codeWithoutKey: 'SEGMENT_TAMPERED' },
      at(PAYLOAD + 5, 65),
    ),
    negative('floe-iv', 'Another IV.', FIVE, 'PAYLOAD_HEADER_TAMPERED', flip(PAYLOAD + 10)),
    negative('floe-tag', 'Another header tag.', FIVE, 'PAYLOAD_HEADER_TAMPERED', flip(PAYLOAD + 73)),
    negative(
      'header-spliced',
      "Another file's payload header.",
      FIVE,
      'PAYLOAD_HEADER_TAMPERED',
      splice(PAYLOAD, BODY),
    ),
    negative(
      'payload-spliced',
      "Another file's whole payload.",
      FIVE,
      'PAYLOAD_HEADER_TAMPERED',
      splice(PAYLOAD, other.length),
    ),
    negative(
      'segment-ciphertext',
      'A bit of segment 1.',
      FIVE,
      inner('SEGMENT_TAMPERED'),
      flip(BODY + SEGMENT + 20),
    ),
    negative(
      'segment-nonce',
      "A bit of segment 1's nonce.",
      FIVE,
      inner('SEGMENT_TAMPERED'),
      flip(BODY + SEGMENT + 4),
    ),
    negative(
      'segment-tag',
      "A bit of segment 1's tag.",
      FIVE,
      inner('SEGMENT_TAMPERED'),
      flip(BODY + 2 * SEGMENT - 1),
    ),
    negative(
      'segment-marker',
      "A bit of segment 1's marker.",
      FIVE,
      inner('SEGMENT_TAMPERED'),
      flip(BODY + SEGMENT + 3),
    ),
    negative(
      'segment-spliced',
      "Another file's segment 1.",
      FIVE,
      inner('SEGMENT_TAMPERED'),
      splice(BODY + SEGMENT, BODY + 2 * SEGMENT),
    ),
    negative(
      'segments-swapped',
      'Segments 1 and 2 have changed places.',
      FIVE,
      inner('SEGMENT_REORDERED'),
      segments(0, 2, 1, 3, 4),
    ),
    negative(
      'segment-overwritten',
      'Segment 1 in place of segment 2, too.',
      FIVE,
      inner('SEGMENT_REPEATED'),
      segments(0, 1, 1, 3, 4),
    ),
    negative(
      'segment-doubled',
      'Segment 1 stands there twice, so that the last is one later.',
      FIVE,
      { code: 'SEGMENT_REPEATED', streamCode: 'SEGMENT_TAMPERED' },
      segments(0, 1, 1, 2, 3, 4),
    ),
    negative(
      'segment-dropped',
      'Segment 1 is gone.',
      FIVE,
      { code: 'SEGMENT_MISSING', streamCode: 'SEGMENT_TAMPERED' },
      segments(0, 2, 3, 4),
    ),
    negative(
      'last-segment-ciphertext',
      'A bit of the last segment.',
      FIVE,
      'SEGMENT_TAMPERED',
      flip(BODY + 4 * SEGMENT + 20),
    ),
    negative(
      'last-segment-marker',
      'A marker of the last segment that no segment can have.',
      FIVE,
      { code: 'SEGMENT_TAMPERED', codeWithoutKey: 'SEGMENT_TAMPERED' },
      at(BODY + 4 * SEGMENT, 0, 0, 0, 31),
    ),
    negative(
      'last-segment-spliced',
      "Another file's last segment.",
      FIVE,
      'SEGMENT_TAMPERED',
      splice(BODY + 4 * SEGMENT, other.length),
    ),
    negative(
      'last-segment-dropped',
      'The last segment is gone.',
      FIVE,
      'PAYLOAD_TRUNCATED',
      segments(0, 1, 2, 3),
    ),
    negative('cut-by-one', 'The last byte is gone.', FIVE, 'PAYLOAD_TRUNCATED', (file) => file.slice(0, -1)),
    negative('cut-in-overhead', 'The last segment has 31 bytes.', FIVE, 'PAYLOAD_TRUNCATED', (file) =>
      file.slice(0, BODY + 4 * SEGMENT + 31),
    ),
    negative('cut-after-header', 'No segment at all.', FIVE, 'PAYLOAD_TRUNCATED', (file) =>
      file.slice(0, BODY),
    ),
    negative('trailing-byte', 'One byte more.', FIVE, 'PAYLOAD_TRAILING_DATA', (file) =>
      concat(file, Uint8Array.of(0)),
    ),
    negative('trailing-segment', 'Another segment after the last.', FIVE, 'PAYLOAD_TRAILING_DATA', (file) =>
      concat(file, segment(file, 4)),
    ),
    negative('trailing-file', 'The same payload once more.', FIVE, 'PAYLOAD_TRAILING_DATA', (file) =>
      concat(file, file.subarray(BODY)),
    ),
    negative(
      'trailing-byte-alone',
      'One byte after segments that are all full: less than a segment, and yet nothing was cut.',
      'aligned',
      'PAYLOAD_TRAILING_DATA',
      (file) => concat(file, Uint8Array.of(0)),
    ),
    negative(
      'aligned-cut',
      'All but the last of segments that are all full.',
      'aligned',
      'PAYLOAD_TRUNCATED',
      (file) => file.slice(0, BODY + 3 * SEGMENT),
    ),
  ];
}
