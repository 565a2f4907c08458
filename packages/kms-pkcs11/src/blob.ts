import { WeightsealError, type WrappedKey } from '@weightseal/core';
import { ALGORITHM, DATA_KEY_BYTES, IV_BYTES, TAG_BYTES } from './constants.js';

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

/** The id of the key that wrapped, in hex, and IV, ciphertext and tag. @throws UNWRAP_REJECTED */
export function decodeBlob({ algorithm, keyVersion, ciphertext }: WrappedKey): {
  id: string;
  sealed: Uint8Array;
} {
  const isId = /^(?:[0-9a-f]{2})*$/.test(keyVersion) && keyVersion.length <= 2 * MAX_ID_BYTES;
  if (
    isId &&
    algorithm === ALGORITHM &&
    ciphertext.length === 1 + SEALED_BYTES &&
    ciphertext[0] === BLOB_VERSION
  )
    return { id: keyVersion, sealed: ciphertext.subarray(1) };
  throw new WeightsealError(
    'UNWRAP_REJECTED',
    'The wrapped key was not made under a PKCS#11 key, or is damaged.',
  );
}

/** @throws INVALID_ARGUMENT */
export function checkDataKey(dataKey: Uint8Array): void {
  if (dataKey instanceof Uint8Array && dataKey.length === DATA_KEY_BYTES) return;
  throw new WeightsealError('INVALID_ARGUMENT', `A data key must be ${DATA_KEY_BYTES} bytes long.`);
}
