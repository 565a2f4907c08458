import { DATA_KEY_BYTES, WeightsealError, type WrappedKey } from '@weightseal/core';
import { ALGORITHM, IV_BYTES, TAG_BYTES } from './constants.js';

// What follows it is canonical JSON, which starts with a brace, so the label needs no end.
const LABEL = Buffer.from('weightseal/pkcs11/wrap/1');
const BLOB_VERSION = 1;
const MAX_ID_BYTES = 256;
export const SEALED_BYTES: number = IV_BYTES + DATA_KEY_BYTES + TAG_BYTES;

/** What the wrap is bound to beside the key: `label || context`. */
export function additionalData(context: Uint8Array): Buffer {
  return Buffer.concat([LABEL, context]);
}

/** `0x01 || IV (12) || ciphertext (32) || tag (16)`, of what the helper gives: IV, ciphertext and tag. */
export function encodeBlob(sealed: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(BLOB_VERSION), sealed]);
}

/** Whether it is a CKA_ID in hex. */
export function isId(version: unknown): version is string {
  return (
    typeof version === 'string' && version.length <= 2 * MAX_ID_BYTES && /^(?:[0-9a-f]{2})*$/.test(version)
  );
}

/** Whether a wrap of ours looks so. */
export function isWrap({ algorithm, keyVersion, ciphertext }: WrappedKey): boolean {
  const sized = ciphertext.length === 1 + SEALED_BYTES && ciphertext[0] === BLOB_VERSION;
  return sized && algorithm === ALGORITHM && isId(keyVersion);
}

/** The id of the key that wrapped, in hex, and IV, ciphertext and tag. @throws UNWRAP_REJECTED */
export function decodeBlob(wrapped: WrappedKey): { id: string; sealed: Uint8Array } {
  if (isWrap(wrapped)) return { id: wrapped.keyVersion, sealed: wrapped.ciphertext.subarray(1) };
  throw new WeightsealError(
    'UNWRAP_REJECTED',
    'The wrapped key was not made under a PKCS#11 key, or is damaged.',
  );
}
