import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { WeightsealError } from '../errors.js';
import { concat, lengthPrefixed } from './bytes.js';
import { canonicalJson, isObject, parseCanonicalJson } from './canonical-json.js';
import type { CoreDocument } from './core-document.js';
import { label, metadataKey } from './kdf.js';

// FORMAT.md §10.
const NONCE = 12;
const TAG = 16;
const PADDING = 256;
const SPACE = 0x20;

/** What only the holder of a key can read of a sealed file, besides its payload. */
export interface Metadata {
  /** When it was sealed, RFC 3339 in UTC. */
  readonly created?: string;
  /** `sha256:` and the plaintext's SHA-256 in hexadecimal. */
  readonly digest?: string;
  /** The plaintext file's name, without a directory. */
  readonly name?: string;
  /** The plaintext's length in bytes. */
  readonly size?: number;
}

export function sealMetadata(dataKey: Uint8Array, core: CoreDocument, metadata: Metadata): Uint8Array {
  const json = canonicalJson({ ...metadata });
  const padded = new Uint8Array(Math.ceil(json.length / PADDING) * PADDING).fill(SPACE);
  padded.set(json);
  const nonce = randomBytes(NONCE);
  const key = metadataKey(dataKey, core.id);
  try {
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associatedData(core));
    return concat(nonce, cipher.update(padded), cipher.final(), cipher.getAuthTag());
  } finally {
    key.fill(0);
  }
}

/** @throws METADATA_TAMPERED */
export function openMetadata(dataKey: Uint8Array, core: CoreDocument, sealed: Uint8Array): Metadata {
  const key = metadataKey(dataKey, core.id);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), { authTagLength: TAG });
    decipher.setAAD(associatedData(core)).setAuthTag(sealed.subarray(-TAG));
    const padded = concat(decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final());
    return readMetadata(padded.subarray(0, padded.findLastIndex((byte) => byte !== SPACE) + 1));
  } catch (cause) {
    throw new WeightsealError(
      'METADATA_TAMPERED',
      'The sealed metadata does not authenticate; get a sound copy of the file.',
      { cause },
    );
  } finally {
    key.fill(0);
  }
}

function readMetadata(json: Uint8Array): Metadata {
  const value = parseCanonicalJson(json);
  if (!isObject(value)) throw new TypeError('the metadata is no canonical JSON object');
  const { created, digest, name, size } = value;
  return {
    ...(typeof created === 'string' && { created }),
    ...(typeof digest === 'string' && { digest }),
    ...(typeof name === 'string' && { name }),
    ...(typeof size === 'number' && size >= 0 && { size }),
  };
}

function associatedData(core: CoreDocument): Uint8Array {
  return concat(label('metadata'), lengthPrefixed(core.bytes));
}
