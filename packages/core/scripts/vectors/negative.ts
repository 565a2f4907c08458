import { createHash } from 'node:crypto';
import { concat, fromBase64url, toBase64url, utf8 } from '../../src/format/bytes.js';
import { canonicalJson, type Json } from '../../src/format/canonical-json.js';
import { authenticateEnvelope, encodeEnvelope } from '../../src/format/envelope.js';
import { encodeCopy } from '../../src/format/envelope-copy.js';
import type { KeySlot } from '../../src/format/slot.js';
import { type Document, documentOf, forgeMetadata, withDocument } from '../../test/support/forge.js';
import { differences } from './pieces.js';
import { derived, type Made, make, POSITIVE } from './positive.js';
import type { NegativeVector } from './types.js';

const AREA = 4096;
const COPY_A = 4096;
const COPY_B = COPY_A + AREA;
const PAYLOAD = COPY_B + AREA;
const BODY = PAYLOAD + 74;
const SEGMENT = 64;

type Codes = Pick<NegativeVector, 'code' | 'streamCode' | 'foundByReading'>;
type Change = (file: Uint8Array, made: Made) => Uint8Array;

function positive(name: string): Made {
  return POSITIVE.find(({ plan }) => plan.name === name)!;
}

function negative(
  name: string,
  comment: string,
  of: string,
  codes: string | Codes,
  change: Change,
): NegativeVector {
  const made = positive(of);
  const before = made.forged.bytes;
  const after = change(before.slice(), made);
  const base = new Uint8Array(after.length);
  base.set(before.subarray(0, after.length));
  return {
    name,
    comment,
    of,
    size: after.length,
    changes: differences(base, after),
    ...(typeof codes === 'string' ? { code: codes } : codes),
  };
}

const at =
  (offset: number, ...bytes: number[]): Change =>
  (file) => {
    file.set(bytes, offset);
    return file;
  };

const flip =
  (...offsets: number[]): Change =>
  (file) => {
    for (const offset of offsets) file[offset]! ^= 1;
    return file;
  };

const segment = (file: Uint8Array, index: number): Uint8Array =>
  file.slice(BODY + index * SEGMENT, BODY + (index + 1) * SEGMENT);

/** The segments in another order, or fewer or more of them. */
const segments =
  (...order: number[]): Change =>
  (file) =>
    concat(file.subarray(0, BODY), ...order.map((index) => segment(file, index)));

/** Another envelope document in both copies, with the right checksums. */
const document =
  (edit: (document: Document, made: Made) => unknown): Change =>
  (file, made) => {
    const before = documentOf(made.forged);
    return withDocument(file, canonicalJson((edit(before, made) ?? before) as Json), AREA);
  };

const text =
  (edit: (text: string) => string): Change =>
  (file, { forged }) =>
    withDocument(file, utf8(edit(new TextDecoder().decode(forged.document))), AREA);

const core = (edit: (core: Record<string, Json>) => unknown): Change =>
  document((before) => {
    const value = JSON.parse(Buffer.from(before.core, 'base64url').toString()) as Record<string, Json>;
    before.core = toBase64url(canonicalJson((edit(value) ?? value) as Json));
  });

const slot = (edit: (slot: Record<string, string>) => unknown): Change =>
  document((before) => {
    const value = JSON.parse(Buffer.from(before.slots[0]!, 'base64url').toString()) as Record<string, string>;
    before.slots[0] = toBase64url(canonicalJson((edit(value) ?? value) as Json));
  });

const flipIn = (text: string): string => {
  const bytes = fromBase64url(text)!;
  bytes[bytes.length - 1]! ^= 1;
  return toBase64url(bytes);
};

/** A metadata of any kind under the right key, in an envelope with the right MAC. */
const metadata =
  (json: Uint8Array): Change =>
  (file, { parts, forged }) => {
    const sealed = forgeMetadata(parts.dataKey, forged.core, json, derived('other metadata', 12));
    const envelope = authenticateEnvelope(parts.dataKey, {
      generation: 1,
      core: forged.core,
      slots: forged.slots as KeySlot[],
      metadata: sealed,
    });
    return withDocument(file, encodeEnvelope(envelope), AREA);
  };

const FIVE = 'five-segments';
const THREE = 'three-recipients';
const inner = (code: string, streamCode = 'SEGMENT_TAMPERED'): Codes => ({
  code,
  ...(streamCode !== code && { streamCode }),
  foundByReading: true,
});

function preambleVectors(): NegativeVector[] {
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

function copyVectors(): NegativeVector[] {
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

function documentVectors(): NegativeVector[] {
  const invalid = (name: string, comment: string, change: Change, of = FIVE): NegativeVector =>
    negative(name, comment, of, 'ENVELOPE_INVALID', change);
  const changed = (name: string, comment: string, change: Change, of = FIVE): NegativeVector =>
    negative(name, comment, of, 'ENVELOPE_TAMPERED', change);
  return [
    invalid(
      'document-white-space',
      'A space after the first brace.',
      text((it) => `{ ${it.slice(1)}`),
    ),
    invalid(
      'document-newline',
      'A newline at the end.',
      text((it) => `${it}\n`),
    ),
    invalid(
      'document-bom',
      'A byte order mark.',
      text((it) => `\uFEFF${it}`),
    ),
    invalid(
      'document-duplicate',
      'The core stands there twice.',
      text((it) => it.replace(/("core":"[^"]*",)/, '$1$1')),
    ),
    invalid(
      'document-extra',
      'A member that version 1 does not have.',
      document((it) => ({ ...it, zzz: '' })),
    ),
    invalid(
      'document-missing',
      'No metadata.',
      document(({ metadata: _, ...it }) => it),
    ),
    invalid(
      'document-escape',
      'A letter written as an escape.',
      text((it) => it.replace('"core"', '"\\u0063ore"')),
    ),
    invalid(
      'document-order',
      'Members in another order.',
      text((it) => it.replace(/^\{("core":"[^"]*"),("mac":"[^"]*"),/, '{$2,$1,')),
    ),
    invalid('document-utf-8', 'Bytes that are no UTF-8.', (file, { forged }) => {
      const bytes = forged.document.slice();
      bytes[bytes.indexOf(0x63)] = 0xff;
      return withDocument(file, bytes, AREA);
    }),
    invalid(
      'base64-padding',
      'Padding after the core, which must have none.',
      document((it) => {
        it.core += '=';
      }),
    ),
    invalid(
      'base64-alphabet',
      'A plus sign, of another alphabet.',
      document((it) => {
        it.mac = `+${it.mac.slice(1)}`;
      }),
    ),
    invalid(
      'base64-stray-bits',
      'Stray bits in the last letter of the id.',
      core((it) => {
        it['id'] = `${(it['id'] as string).slice(0, -1)}B`;
      }),
    ),
    invalid(
      'mac-short',
      'A MAC of 47 bytes.',
      document((it) => {
        it.mac = toBase64url(fromBase64url(it.mac)!.slice(1));
      }),
    ),
    invalid(
      'metadata-short',
      'Metadata of 27 bytes.',
      document((it) => {
        it.metadata = toBase64url(new Uint8Array(27));
      }),
    ),
    invalid(
      'no-slots',
      'No slot.',
      document((it) => {
        it.slots = [];
      }),
    ),
    invalid(
      'slots-33',
      '33 slots.',
      document((it) => {
        it.slots = Array.from({ length: 33 }, () => 'e30');
      }),
    ),
    invalid(
      'core-format',
      'The core of another format.',
      core((it) => {
        it['format'] = 'other';
      }),
    ),
    negative(
      'core-version',
      'A core of version 2.',
      FIVE,
      'UNSUPPORTED_VERSION',
      core((it) => {
        it['version'] = 2;
      }),
    ),
    negative(
      'core-algorithm',
      'Another algorithm.',
      FIVE,
      'UNSUPPORTED_VERSION',
      core((it) => {
        it['algorithm'] = 'FLOE-AES-128-GCM';
      }),
    ),
    invalid(
      'core-extra',
      'A member that the core does not have.',
      core((it) => {
        it['zzz'] = 1;
      }),
    ),
    invalid(
      'core-id',
      'An id of 15 bytes.',
      core((it) => {
        it['id'] = toBase64url(new Uint8Array(15));
      }),
    ),
    invalid(
      'core-payloads',
      'Two payloads.',
      core((it) => {
        it['payloads'] = [{ name: 'payload' }, { name: 'payload' }];
      }),
    ),
    invalid(
      'core-payload-name',
      'A payload of another name.',
      core((it) => {
        it['payloads'] = [{ name: 'other' }];
      }),
    ),
    invalid(
      'context-type',
      'A context value that is a number.',
      core((it) => {
        it['context'] = { a: 1 };
      }),
    ),
    invalid(
      'context-empty-name',
      'An empty name in the context.',
      core((it) => {
        it['context'] = { '': 'a' };
      }),
    ),
    invalid(
      'context-control',
      'A control character in the context.',
      core((it) => {
        it['context'] = { a: 'b\u0085' };
      }),
    ),
    invalid(
      'context-65',
      '65 entries in the context.',
      core((it) => {
        it['context'] = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, '']));
      }),
    ),
    invalid(
      'slot-extra',
      'A member that a slot does not have.',
      slot((it) => {
        it['zzz'] = '';
      }),
    ),
    invalid(
      'slot-provider',
      'A slot of a provider without a name.',
      slot((it) => {
        it['provider'] = '';
      }),
    ),
    invalid(
      'slot-provider-long',
      'A provider of 65 bytes.',
      slot((it) => {
        it['provider'] = 'p'.repeat(65);
      }),
    ),
    invalid(
      'slot-control',
      'A control character in a key URI.',
      slot((it) => {
        it['key'] = 'vector:\u007f';
      }),
    ),
    invalid(
      'slot-wrapped-empty',
      'A wrapped key of no bytes.',
      slot((it) => {
        it['wrapped'] = '';
      }),
    ),
    changed(
      'mac',
      'Another MAC.',
      document((it) => {
        it.mac = flipIn(it.mac);
      }),
    ),
    changed(
      'core-context',
      'Another context, with nothing else changed.',
      core((it) => {
        it['context'] = { model: 'other' };
      }),
    ),
    changed(
      'metadata-changed',
      'Another byte of the sealed metadata.',
      document((it) => {
        it.metadata = flipIn(it.metadata);
      }),
    ),
    changed(
      'slot-version',
      'Another key version in a slot.',
      slot((it) => {
        it['version'] = '2';
      }),
    ),
    changed(
      'slot-order',
      'The first and the last slot have changed places.',
      document((it) => void it.slots.reverse()),
      THREE,
    ),
    changed(
      'slot-dropped',
      'The middle slot is gone.',
      document((it) => void it.slots.splice(1, 1)),
      THREE,
    ),
    changed(
      'slot-repeated',
      'The first slot stands there twice.',
      document((it) => void it.slots.push(it.slots[0]!)),
      THREE,
    ),
    negative(
      'metadata-text',
      'Metadata that is no JSON, rightly sealed.',
      FIVE,
      'METADATA_TAMPERED',
      metadata(utf8('no JSON')),
    ),
    negative(
      'metadata-size-more',
      'The sealed size is one more than there is.',
      FIVE,
      'PAYLOAD_TRUNCATED',
      metadata(utf8('{"size":151}')),
    ),
    negative(
      'metadata-size-less',
      'The sealed size is one less than there is.',
      FIVE,
      'PAYLOAD_TRAILING_DATA',
      metadata(utf8('{"size":149}')),
    ),
  ];
}

function payloadVectors(): NegativeVector[] {
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
      'PAYLOAD_HEADER_TAMPERED',
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
      'aligned-cut',
      'All but the last of segments that are all full.',
      'aligned',
      'PAYLOAD_TRUNCATED',
      (file) => file.slice(0, BODY + 3 * SEGMENT),
    ),
  ];
}

export function negativeVectors(): NegativeVector[] {
  return [...preambleVectors(), ...copyVectors(), ...documentVectors(), ...payloadVectors()];
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
