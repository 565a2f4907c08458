import { createCipheriv } from 'node:crypto';
import { concat, lengthPrefixed, toBase64url, utf8 } from '../../src/format/bytes.js';
import { canonicalJson, type Json } from '../../src/format/canonical-json.js';
import type { Context } from '../../src/format/context.js';
import { type CoreDocument, makeCore, PAYLOAD_NAME } from '../../src/format/core-document.js';
import { authenticateEnvelope, encodeEnvelope } from '../../src/format/envelope.js';
import { encodeCopy } from '../../src/format/envelope-copy.js';
import { startEncryption } from '../../src/format/floe.js';
import { label, metadataKey, payloadKey } from '../../src/format/kdf.js';
import { encodePreamble, preambleFor } from '../../src/format/preamble.js';
import { encryptSegment } from '../../src/format/segment.js';
import { OVERHEAD } from '../../src/format/sizes.js';
import type { WrappedKey } from '../../src/format/slot.js';
import { type KeySlot, makeSlot } from '../../src/format/slot.js';

// Builds sealed files out of the pure functions of the format, with everything that is random given: for vectors, and for files
// that the library itself would never write.

export interface Parts {
  readonly dataKey: Uint8Array;
  readonly id: Uint8Array;
  readonly context: Context;
  readonly recipients: readonly (WrappedKey & { readonly provider: string })[];
  readonly plaintext: Uint8Array;
  readonly segmentLength: number;
  readonly area: number;
  readonly generation: number;
  readonly iv: Uint8Array;
  /** The nonce of each segment, and of the metadata. */
  readonly nonce: (of: number | 'metadata') => Uint8Array;
  readonly metadata: Json;
  /** Plaintext of each segment, instead of the division that §9.5 wants of a writer. */
  readonly segments?: readonly Uint8Array[];
}

export interface Forged {
  readonly bytes: Uint8Array;
  readonly core: CoreDocument;
  readonly slots: readonly KeySlot[];
  readonly metadata: Uint8Array;
  /** The canonical envelope document. */
  readonly document: Uint8Array;
  readonly payloadOffset: number;
  readonly segments: readonly Uint8Array[];
}

export function forge(parts: Parts): Forged {
  const core = makeCore(parts.id, parts.context);
  const slots = parts.recipients.map(({ provider, ...wrapped }) => makeSlot(provider, wrapped));
  const metadata = forgeMetadata(parts.dataKey, core, canonicalJson(parts.metadata), parts.nonce('metadata'));
  const envelope = authenticateEnvelope(parts.dataKey, {
    generation: parts.generation,
    core,
    slots,
    metadata,
  });
  const document = encodeEnvelope(envelope);
  const copy = encodeCopy({ generation: parts.generation, document }, parts.area);
  const preamble = preambleFor(parts.area);
  const payload = forgePayload(parts, core);
  const bytes = concat(encodePreamble(preamble), copy, copy, payload.header, ...payload.segments);
  return {
    bytes,
    core,
    slots,
    metadata,
    document,
    payloadOffset: preamble.payloadOffset,
    segments: payload.segments,
  };
}

/** FORMAT.md §10.1, of any JSON text. */
export function forgeMetadata(
  dataKey: Uint8Array,
  core: CoreDocument,
  json: Uint8Array,
  nonce: Uint8Array,
): Uint8Array {
  const padded = new Uint8Array(Math.ceil(json.length / 256) * 256).fill(0x20);
  padded.set(json);
  const aad = concat(label('metadata'), lengthPrefixed(core.bytes));
  const cipher = createCipheriv('aes-256-gcm', metadataKey(dataKey, core.id), nonce).setAAD(aad);
  return concat(nonce, cipher.update(padded), cipher.final(), cipher.getAuthTag());
}

/** FORMAT.md §9.1. */
export function aadOf(core: CoreDocument): Uint8Array {
  return concat(label('payload'), lengthPrefixed(core.bytes), lengthPrefixed(utf8(PAYLOAD_NAME)));
}

function forgePayload(
  parts: Parts,
  core: CoreDocument,
): { header: Uint8Array; segments: readonly Uint8Array[] } {
  const key = payloadKey(parts.dataKey, core.id, PAYLOAD_NAME);
  const { header, message } = startEncryption(key, aadOf(core), parts.segmentLength, parts.iv);
  const plain = parts.segments ?? divide(parts.plaintext, parts.segmentLength - OVERHEAD);
  const segments = plain.map((piece, position) => {
    const segmentKey = new Uint8Array(message.segmentKey(position));
    const final = position === plain.length - 1;
    return concat(...encryptSegment(segmentKey, position, final, parts.nonce(position), piece));
  });
  return { header, segments };
}

export function divide(plaintext: Uint8Array, size: number): Uint8Array[] {
  const pieces = [];
  for (let at = 0; at < plaintext.length; at += size) pieces.push(plaintext.subarray(at, at + size));
  return pieces.length > 0 ? pieces : [plaintext];
}

/** Both copies with the given document text, checksums right; the MAC is whatever the document says. */
export function withDocument(
  file: Uint8Array,
  document: Uint8Array,
  area: number,
  generation = 1,
): Uint8Array {
  const copy = encodeCopy({ generation, document }, area);
  const out = file.slice();
  out.set(copy, 4096);
  out.set(copy, 4096 + area);
  return out;
}

export interface Document {
  core: string;
  mac: string;
  metadata: string;
  slots: string[];
}

/** An envelope document as an object to change, and back. */
export function documentOf(forged: Forged): Document {
  return JSON.parse(new TextDecoder().decode(forged.document)) as Document;
}

export function encodeDocument(document: unknown): Uint8Array {
  return canonicalJson(document as Json);
}

export { toBase64url };
