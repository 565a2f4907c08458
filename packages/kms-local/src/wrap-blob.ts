import { DATA_KEY_BYTES, secretBytes, wipe } from '@weightseal/core';
import { createCipheriv, createDecipheriv, createHmac } from './crypto.js';

export const SALT_BYTES = 32;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;

/** What follows the head of every blob: salt, ciphertext and tag. */
export const BODY_BYTES: number = SALT_BYTES + DATA_KEY_BYTES + TAG_BYTES;

export interface BlobKey {
  /** The 32-byte key-encryption key. */
  readonly kek: Uint8Array;
  /** 32 random bytes, new for every wrap. */
  readonly salt: Uint8Array;
  /** Says what the derived key is for: ASCII, no label the prefix of another. */
  readonly label: string;
  /** What the wrap is bound to; the label goes before it. */
  readonly bound: readonly Uint8Array[];
}

/**
 * Wraps a data key to `salt (32) || ciphertext (32) || tag (16)`, by AES-256-GCM with
 *
 *     okm   = HMAC-SHA-384(kek, label || salt || 0x01)     = HKDF-Expand(kek, label || salt, 48)
 *     key   = okm[0..32), nonce = okm[32..44)
 *     aad   = label || bound
 *
 * Key and nonce are used once, so a key-encryption key has no limit of wraps within reach: 2^32 random 96-bit nonces
 * would be the end of a GCM key, and salts repeat only near 2^128.
 */
export function sealBlob(key: BlobKey, dataKey: Uint8Array): Buffer {
  const okm = derive(key);
  try {
    const cipher = createCipheriv(CIPHER, okm.subarray(0, KEY_BYTES), nonce(okm), {
      authTagLength: TAG_BYTES,
    });
    cipher.setAAD(aad(key));
    return Buffer.concat([key.salt, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
  } finally {
    wipe(okm);
  }
}

/** The data key of what follows the salt, or undefined when the tag does not fit. */
export function openBlob(key: BlobKey, sealed: Uint8Array): Uint8Array | undefined {
  const okm = derive(key);
  let opened: Buffer | undefined;
  try {
    const decipher = createDecipheriv(CIPHER, okm.subarray(0, KEY_BYTES), nonce(okm), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(aad(key));
    decipher.setAuthTag(sealed.subarray(DATA_KEY_BYTES));
    opened = decipher.update(sealed.subarray(0, DATA_KEY_BYTES));
    decipher.final();
    const dataKey = secretBytes(opened.length);
    dataKey.set(opened);
    return dataKey;
  } catch {
    return undefined;
  } finally {
    wipe(okm, opened);
  }
}

function derive({ kek, label, salt }: BlobKey): Buffer {
  return createHmac('sha384', kek).update(label, 'latin1').update(salt).update(Uint8Array.of(1)).digest();
}

function nonce(okm: Buffer): Buffer {
  return okm.subarray(KEY_BYTES, KEY_BYTES + NONCE_BYTES);
}

function aad({ label, bound }: BlobKey): Buffer {
  return Buffer.concat([Buffer.from(label, 'latin1'), ...bound]);
}
