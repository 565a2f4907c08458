// How the negative vectors make one fault each in a file of the positive ones.
import { createHash } from 'node:crypto';
import { concat, fromBase64url, toBase64url, utf8 } from '../../src/format/bytes.js';
import { canonicalJson, type Json } from '../../src/format/canonical-json.js';
import { authenticateEnvelope, encodeEnvelope } from '../../src/format/envelope.js';
import type { KeySlot } from '../../src/format/slot.js';
import { type Document, documentOf, forgeMetadata, withDocument } from '../../test/support/forge.js';
import { differences } from './pieces.js';
import { derived, type Made, POSITIVE } from './positive.js';
import type { NegativeVector } from './types.js';

export const AREA = 4096;
export const COPY_A = 4096;
export const COPY_B = COPY_A + AREA;
export const PAYLOAD = COPY_B + AREA;
export const BODY = PAYLOAD + 74;
export const SEGMENT = 64;

export type Codes = Pick<NegativeVector, 'code' | 'streamCode' | 'foundByReading' | 'codeWithoutKey'>;
export type Change = (file: Uint8Array, made: Made) => Uint8Array;

/** What a file shows to anyone; of the payload, what its length and markers say (FORMAT.md §9.12). */
const SHOWN = new Set([
  'NOT_SEALED',
  'UNSUPPORTED_VERSION',
  'HEADER_INVALID',
  'ENVELOPE_DAMAGED',
  'ENVELOPE_INVALID',
  'PAYLOAD_HEADER_INVALID',
  'PAYLOAD_TRUNCATED',
  'PAYLOAD_TRAILING_DATA',
]);

export function positive(name: string): Made {
  return POSITIVE.find(({ plan }) => plan.name === name)!;
}

export function negative(
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
    ...(typeof codes === 'string'
      ? { code: codes, ...(SHOWN.has(codes) && { codeWithoutKey: codes }) }
      : codes),
  };
}

export const at =
  (offset: number, ...bytes: number[]): Change =>
  (file) => {
    file.set(bytes, offset);
    return file;
  };

export const flip =
  (...offsets: number[]): Change =>
  (file) => {
    for (const offset of offsets) file[offset]! ^= 1;
    return file;
  };

export const segment = (file: Uint8Array, index: number): Uint8Array =>
  file.slice(BODY + index * SEGMENT, BODY + (index + 1) * SEGMENT);

/** The segments in another order, or fewer or more of them. */
export const segments =
  (...order: number[]): Change =>
  (file) =>
    concat(file.subarray(0, BODY), ...order.map((index) => segment(file, index)));

/** Another envelope document in both copies, with the right checksums. */
export const document =
  (edit: (document: Document, made: Made) => unknown): Change =>
  (file, made) => {
    const before = documentOf(made.forged);
    return withDocument(file, canonicalJson((edit(before, made) ?? before) as Json), AREA);
  };

export const text =
  (edit: (text: string) => string): Change =>
  (file, { forged }) =>
    withDocument(file, utf8(edit(new TextDecoder().decode(forged.document))), AREA);

export const core = (edit: (core: Record<string, Json>) => unknown): Change =>
  document((before) => {
    const value = JSON.parse(Buffer.from(before.core, 'base64url').toString()) as Record<string, Json>;
    before.core = toBase64url(canonicalJson((edit(value) ?? value) as Json));
  });

export const slot = (edit: (slot: Record<string, string>) => unknown): Change =>
  document((before) => {
    const value = JSON.parse(Buffer.from(before.slots[0]!, 'base64url').toString()) as Record<string, string>;
    before.slots[0] = toBase64url(canonicalJson((edit(value) ?? value) as Json));
  });

export const flipIn = (text: string): string => {
  const bytes = fromBase64url(text)!;
  bytes[bytes.length - 1]! ^= 1;
  return toBase64url(bytes);
};

/** A metadata of any kind under the right key, in an envelope with the right MAC. */
export const metadata =
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

export const FIVE = 'five-segments';
export const THREE = 'three-recipients';
export const inner = (code: string, streamCode = 'SEGMENT_TAMPERED'): Codes => ({
  code,
  ...(streamCode !== code && { streamCode }),
  foundByReading: true,
});

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

export const invalid = (name: string, comment: string, change: Change, of = FIVE): NegativeVector =>
  negative(name, comment, of, 'ENVELOPE_INVALID', change);
export const changed = (name: string, comment: string, change: Change, of = FIVE): NegativeVector =>
  negative(name, comment, of, 'ENVELOPE_TAMPERED', change);
