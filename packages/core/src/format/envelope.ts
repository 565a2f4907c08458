import { createHmac, timingSafeEqual } from '../common/crypto.js';
import { WeightsealError } from '../errors.js';
import { concat, fromBase64url, lengthPrefixed, toBase64url, u32, u64 } from './bytes.js';
import { canonicalJson, hasExactly, isObject, type Json, parseCanonicalJson } from './canonical-json.js';
import { type CoreDocument, type Framing, parseCore } from './core-document.js';
import { envelopeInvalid } from './envelope-invalid.js';
import { envelopeMacKey, label } from './kdf.js';
import { type KeySlot, parseSlot } from './slot.js';
import { encodeTableReference, parseTableReference, type TableReference } from './table-reference.js';

// FORMAT.md §5.1 and §8.
export const MAX_SLOTS = 32;
export const MAX_METADATA = 16_384;
const MAC_LENGTH = 48;
const MEMBERS = ['core', 'mac', 'metadata', 'slots'];

/** What a sealed file says of itself: the parts of an envelope, without the framing. */
export interface Envelope {
  readonly generation: number;
  readonly core: CoreDocument;
  readonly slots: readonly KeySlot[];
  /** Sealed metadata: nonce, ciphertext, tag. */
  readonly metadata: Uint8Array;
  readonly mac: Uint8Array;
  /** The member table, of a bundle (§18.4); a sealed file has none. */
  readonly table?: TableReference;
}

/** @throws ENVELOPE_INVALID, UNSUPPORTED_VERSION */
export function parseEnvelope(generation: number, document: Uint8Array): Envelope {
  return { generation, ...finish(begin(document, 'file')) };
}

/** The envelope of a bundle, which has its generation and its table in the document. @throws ENVELOPE_INVALID, UNSUPPORTED_VERSION */
export function parseBundleEnvelope(document: Uint8Array): Envelope {
  const parts = begin(document, 'bundle');
  const { generation, table } = parts.value;
  if (typeof generation !== 'number' || generation < 1)
    throw envelopeInvalid('its generation is no number from 1 up');
  return { generation, table: parseTableReference(table), ...finish(parts) };
}

interface Parts {
  readonly value: { readonly [name: string]: Json };
  readonly slots: readonly Json[];
  readonly core: CoreDocument;
}

/** Steps 1 to 4 of FORMAT.md §5.4. */
function begin(document: Uint8Array, framing: Framing): Parts {
  const value = parseCanonicalJson(document);
  const names = framing === 'file' ? MEMBERS : [...MEMBERS, 'generation', 'table'];
  if (!isObject(value) || !hasExactly(value, names)) {
    throw envelopeInvalid('it is not a canonical JSON object of the form of version 1');
  }
  const slots = value['slots'];
  if (!Array.isArray(slots) || slots.length < 1 || slots.length > MAX_SLOTS) {
    throw envelopeInvalid(`it does not have 1 to ${MAX_SLOTS} key slots`);
  }
  return { value, slots, core: parseCore(decode(value['core'], 'core'), framing) };
}

function finish({ value, slots, core }: Parts): Omit<Envelope, 'generation' | 'table'> {
  const mac = decode(value['mac'], 'mac');
  const metadata = decode(value['metadata'], 'metadata');
  if (mac.length !== MAC_LENGTH) throw envelopeInvalid(`its MAC is not ${MAC_LENGTH} bytes`);
  if (metadata.length < 28 || metadata.length > MAX_METADATA)
    throw envelopeInvalid('its metadata is too short or too long');
  return { core, slots: slots.map((slot) => parseSlot(decode(slot, 'slots'))), metadata, mac };
}

function decode(value: Json | undefined, name: string): Uint8Array {
  const bytes = typeof value === 'string' ? fromBase64url(value) : undefined;
  if (!bytes) throw envelopeInvalid(`its ${name} is not base64url`);
  return bytes;
}

export function encodeEnvelope(envelope: Envelope): Uint8Array<ArrayBuffer> {
  const { core, generation, slots, metadata, mac, table } = envelope;
  return canonicalJson({
    ...(table && { generation, table: encodeTableReference(table) }),
    core: toBase64url(core.bytes),
    mac: toBase64url(mac),
    metadata: toBase64url(metadata),
    slots: slots.map((slot) => toBase64url(slot.bytes)),
  });
}

function computeMac(dataKey: Uint8Array, envelope: Omit<Envelope, 'mac'>): Uint8Array {
  const { generation, core, slots, metadata, table } = envelope;
  const key = envelopeMacKey(dataKey, core.id);
  try {
    const head = concat(
      label(table ? 'bundle' : 'envelope'),
      u64(generation),
      lengthPrefixed(core.bytes),
      lengthPrefixed(metadata),
      ...(table ? [u64(table.size), table.header, table.digest] : []),
    );
    const tail = slots.map((slot) => lengthPrefixed(slot.bytes));
    return createHmac('sha384', key)
      .update(concat(head, u32(slots.length), ...tail))
      .digest();
  } finally {
    key.fill(0);
  }
}

/** Puts the MAC on the parts of an envelope, which `parseEnvelope` takes. @throws ENVELOPE_INVALID for parts that no file may have */
export function authenticateEnvelope(dataKey: Uint8Array, parts: Omit<Envelope, 'mac'>): Envelope {
  const envelope = { ...parts, mac: computeMac(dataKey, parts) };
  // What a reader would refuse must not be written over what it takes.
  parseAgain(envelope);
  return envelope;
}

/** An envelope as it will be read: encoded, and parsed. */
export function parseAgain(envelope: Envelope): Envelope {
  const document = encodeEnvelope(envelope);
  return envelope.table ? parseBundleEnvelope(document) : parseEnvelope(envelope.generation, document);
}

/** FORMAT.md §8.2. @throws ENVELOPE_TAMPERED */
export function verifyEnvelope(dataKey: Uint8Array, envelope: Envelope): void {
  if (timingSafeEqual(computeMac(dataKey, envelope), envelope.mac)) return;
  throw new WeightsealError(
    'ENVELOPE_TAMPERED',
    'The envelope is not what was sealed under this key: its context, recipients or metadata were changed, or the key is of another file. Get a sound copy of the file.',
  );
}
