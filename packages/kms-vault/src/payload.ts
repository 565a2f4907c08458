import { createHash, timingSafeEqual } from 'node:crypto';
import { DATA_KEY_BYTES, secretBytes, WeightsealError, type WrappedKey } from '@weightseal/core';

/** Names the layout below; the slot of another layout gets another name. */
export const ALGORITHM = 'transit-aead/1';
const DIGEST_BYTES = 32;
const PAYLOAD_BYTES = DATA_KEY_BYTES + DIGEST_BYTES;
const CONTEXT_LABEL = 'weightseal/vault/context/1\0';
const ciphertextForm = /^vault:v([1-9][0-9]{0,8}):([A-Za-z0-9+/]+={0,2})$/;
/** Nonce, payload and tag, of any AEAD that Transit has or may get. */
const MAX_CIPHERTEXT_LENGTH = 512;

/**
 * What Transit encrypts. The caller zeroes it.
 *
 *     payload   data key (32) || SHA-256("weightseal/vault/context/1" || 0x00 || context) (32)
 *     context   canonical JSON, as encodeContext gives it
 *
 * The context is also the associated data of the call, and its derivation context. The digest is there because a Vault before 1.13 ignores
 * `associated_data` without a word: the context would be bound by nothing. Inside what an AEAD encrypts it binds it with every version.
 */
export function payloadOf(dataKey: Uint8Array, context: Uint8Array): Uint8Array {
  const payload = secretBytes(PAYLOAD_BYTES);
  payload.set(dataKey);
  payload.set(digestOf(context), DATA_KEY_BYTES);
  return payload;
}

/** The data key of a decrypted payload, in memory of its own. @throws UNWRAP_REJECTED */
export function dataKeyOf(payload: Uint8Array, context: Uint8Array): Uint8Array {
  if (payload.length !== PAYLOAD_BYTES) throw rejected(FOREIGN);
  if (!timingSafeEqual(payload.subarray(DATA_KEY_BYTES), digestOf(context))) throw rejected(OTHER_CONTEXT);
  const dataKey = secretBytes(DATA_KEY_BYTES);
  dataKey.set(payload.subarray(0, DATA_KEY_BYTES));
  return dataKey;
}

function digestOf(context: Uint8Array): Buffer {
  return createHash('sha256').update(CONTEXT_LABEL, 'latin1').update(context).digest();
}

/**
 * The version in `vault:v<version>:<base64>`; undefined for anything else. Vault itself also takes `v0` and `v01` for version 1, line feeds,
 * and base64 with bits to spare: a wrap is to have one spelling only.
 */
export function versionIn(ciphertext: string): string | undefined {
  const [, version, base64 = ''] = ciphertextForm.exec(ciphertext) ?? [];
  if (ciphertext.length > MAX_CIPHERTEXT_LENGTH) return undefined;
  return Buffer.from(base64, 'base64').toString('base64') === base64 ? version : undefined;
}

/** Whether a wrap of ours looks so. */
export function isWrap({ algorithm, keyVersion, ciphertext }: WrappedKey): boolean {
  return algorithm === ALGORITHM && versionIn(Buffer.from(ciphertext).toString('latin1')) === keyVersion;
}

/** The ciphertext that a slot holds. @throws UNWRAP_REJECTED for what no wrap of ours looks like */
export function ciphertextIn(wrapped: WrappedKey): string {
  if (!isWrap(wrapped)) throw rejected(FOREIGN);
  return Buffer.from(wrapped.ciphertext).toString('latin1');
}

export function rejected(message: string): WeightsealError {
  return new WeightsealError('UNWRAP_REJECTED', message);
}

const FOREIGN =
  'The wrapped key was not made by this provider for a Transit key, or is damaged. Put back an intact copy.';
export const OTHER_KEY =
  'The wrapped key is of another server, mount or key than the one that was named, so it was not asked. Name the key that made it, by the URI in the file; for another name of the same server there is `formerUris`.';
const OTHER_CONTEXT =
  'The key decrypts it, and it was wrapped for another context. Check that the context is the one it was sealed with.';
