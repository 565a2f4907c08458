import { createCipheriv, createDecipheriv, randomBytes } from '../common/crypto.js';
import { WeightsealError } from '../errors.js';
import { concat, hasControl, lengthPrefixed, utf8 } from './bytes.js';
import { canonicalJson, isObject, parseCanonicalJson } from './canonical-json.js';
import type { CoreDocument } from './core-document.js';
import { label, metadataKey } from './kdf.js';
import { isUtcTime } from './utc-time.js';

// FORMAT.md §10.
const NONCE = 12;
const TAG = 16;
const PADDING = 256;
const SPACE = 0x20;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** What only the holder of a key can read of a sealed file, besides its payload. */
export interface Metadata {
  /** When it was sealed, RFC 3339 in UTC, as FORMAT.md §10.2 spells it. */
  readonly created?: string;
  /** `sha256:` and the plaintext's SHA-256 in hexadecimal. */
  readonly digest?: string;
  /** The plaintext file's name: 1 to 255 bytes, without a directory. */
  readonly name?: string;
  /** The plaintext's length in bytes. */
  readonly size?: number;
}

export function sealMetadata(dataKey: Uint8Array, core: CoreDocument, metadata: Metadata): Uint8Array {
  const json = canonicalJson({ ...metadata });
  // Throws: what is sealed must open again.
  readMetadata(json);
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
      'The sealed metadata does not authenticate, or holds what it must not; get a sound copy of the file.',
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
  const sound =
    (created === undefined || (typeof created === 'string' && isUtcTime(created))) &&
    (digest === undefined || (typeof digest === 'string' && DIGEST.test(digest))) &&
    (name === undefined || (typeof name === 'string' && isFileName(name))) &&
    (size === undefined || (typeof size === 'number' && size >= 0));
  if (!sound) throw new TypeError('a member of the metadata has a value that it cannot have');
  return {
    ...(created !== undefined && { created }),
    ...(digest !== undefined && { digest }),
    ...(name !== undefined && { name }),
    ...(size !== undefined && { size }),
  };
}

/** A name without a directory, which cannot lead anywhere when it is joined to one: FORMAT.md §10.2. */
export function isFileName(name: string): boolean {
  const length = utf8(name).length;
  if (length === 0 || length > 255 || name === '.' || name === '..') return false;
  return !hasControl(name) && !/[/\\]/.test(name);
}

function associatedData(core: CoreDocument): Uint8Array {
  return concat(label('metadata'), lengthPrefixed(core.bytes));
}
