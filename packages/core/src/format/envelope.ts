import { createHmac, timingSafeEqual } from '../common/crypto.js';
import { WeightsealError } from '../errors.js';
import { concat, fromBase64url, lengthPrefixed, toBase64url, u32, u64 } from './bytes.js';
import { canonicalJson, hasExactly, isObject, type Json, parseCanonicalJson } from './canonical-json.js';
import { type CoreDocument, parseCore } from './core-document.js';
import { envelopeInvalid } from './envelope-invalid.js';
import { envelopeMacKey, label } from './kdf.js';
import { type KeySlot, parseSlot } from './slot.js';

// FORMAT.md §5.1 and §8.
export const MAX_SLOTS = 32;
export const MAX_METADATA = 16_384;
const MAC_LENGTH = 48;

/** What a sealed file says of itself: the parts of an envelope, without the framing. */
export interface Envelope {
  readonly generation: number;
  readonly core: CoreDocument;
  readonly slots: readonly KeySlot[];
  /** Sealed metadata: nonce, ciphertext, tag. */
  readonly metadata: Uint8Array;
  readonly mac: Uint8Array;
}

/** @throws ENVELOPE_INVALID, UNSUPPORTED_VERSION */
export function parseEnvelope(generation: number, document: Uint8Array): Envelope {
  const value = parseCanonicalJson(document);
  if (!isObject(value) || !hasExactly(value, ['core', 'mac', 'metadata', 'slots'])) {
    throw envelopeInvalid('it is not a canonical JSON object of the form of version 1');
  }
  const slots = value['slots'];
  if (!Array.isArray(slots) || slots.length < 1 || slots.length > MAX_SLOTS) {
    throw envelopeInvalid(`it does not have 1 to ${MAX_SLOTS} key slots`);
  }
  const core = parseCore(decode(value['core'], 'core'));
  const mac = decode(value['mac'], 'mac');
  const metadata = decode(value['metadata'], 'metadata');
  if (mac.length !== MAC_LENGTH) throw envelopeInvalid(`its MAC is not ${MAC_LENGTH} bytes`);
  if (metadata.length < 28 || metadata.length > MAX_METADATA)
    throw envelopeInvalid('its metadata is too short or too long');
  return { generation, core, slots: slots.map((slot) => parseSlot(decode(slot, 'slots'))), metadata, mac };
}

function decode(value: Json | undefined, name: string): Uint8Array {
  const bytes = typeof value === 'string' ? fromBase64url(value) : undefined;
  if (!bytes) throw envelopeInvalid(`its ${name} is not base64url`);
  return bytes;
}

export function encodeEnvelope({ core, slots, metadata, mac }: Envelope): Uint8Array<ArrayBuffer> {
  return canonicalJson({
    core: toBase64url(core.bytes),
    mac: toBase64url(mac),
    metadata: toBase64url(metadata),
    slots: slots.map((slot) => toBase64url(slot.bytes)),
  });
}

function computeMac(dataKey: Uint8Array, envelope: Omit<Envelope, 'mac'>): Uint8Array {
  const { generation, core, slots, metadata } = envelope;
  const key = envelopeMacKey(dataKey, core.id);
  try {
    const head = concat(
      label('envelope'),
      u64(generation),
      lengthPrefixed(core.bytes),
      lengthPrefixed(metadata),
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
  parseEnvelope(envelope.generation, encodeEnvelope(envelope));
  return envelope;
}

/** FORMAT.md §8.2. @throws ENVELOPE_TAMPERED */
export function verifyEnvelope(dataKey: Uint8Array, envelope: Envelope): void {
  if (timingSafeEqual(computeMac(dataKey, envelope), envelope.mac)) return;
  throw new WeightsealError(
    'ENVELOPE_TAMPERED',
    'The envelope is not what was sealed under this key: its context, recipients or metadata were changed, or the key is of another file. Get a sound copy of the file.',
  );
}
