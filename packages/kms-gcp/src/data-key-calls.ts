import { crc32c, DATA_KEY_BYTES, ownBytes, secretBytes, WeightsealError } from '@weightseal/core';
import type { Ask } from './ask.js';
import { hasChecksum } from './int64.js';
import { isVersionOf, type KeyName } from './key-name.js';

/** CryptoKeyVersionAlgorithm of every key whose purpose is ENCRYPT_DECRYPT; EXTERNAL_SYMMETRIC_ENCRYPTION answers alike. */
export const ALGORITHM = 'GOOGLE_SYMMETRIC_ENCRYPTION';

export interface Wrapped {
  readonly keyVersion: string;
  readonly ciphertext: Uint8Array;
}

/**
 * Encrypts the data key, and holds the answer against every checksum and name in it. `verified…` says that the service
 * received our checksums and that they fitted what it encrypted; false also where they got lost on the way.
 *
 * @throws KEY_RESPONSE_INVALID, and what errors.ts makes of what the SDK throws
 */
export async function encrypt(
  ask: Ask,
  name: KeyName,
  dataKey: Uint8Array,
  bound: Uint8Array,
  stop: AbortSignal,
): Promise<Wrapped> {
  const answer = await ask(
    'encrypt',
    {
      name: name.pinned ?? name.key,
      plaintext: dataKey,
      plaintextCrc32c: { value: crc32c(dataKey) },
      additionalAuthenticatedData: bound,
      additionalAuthenticatedDataCrc32c: { value: crc32c(bound) },
    },
    stop,
  );
  const { ciphertext, name: keyVersion } = answer;
  if (!isBytes(ciphertext) || ciphertext.length === 0) throw strange('gave no ciphertext', name);
  if (!hasChecksum(ciphertext, answer.ciphertextCrc32c))
    throw strange('gave a ciphertext without its CRC32C checksum', name);
  if (answer.verifiedPlaintextCrc32c !== true)
    throw strange('did not verify the CRC32C checksum of the data key', name);
  if (answer.verifiedAdditionalAuthenticatedDataCrc32c !== true)
    throw strange('did not verify the CRC32C checksum of the context', name);
  if (!isVersionOf(keyVersion, name)) throw strange('did not say which version of the key it used', name);
  if (name.pinned !== undefined && keyVersion !== name.pinned)
    throw strange('used another version than asked', name);
  // Out of the buffer that the whole answer came in.
  return { keyVersion, ciphertext: Uint8Array.from(ciphertext) };
}

/**
 * Decrypts with the configured key; the ciphertext names the version, and the service finds it. The answer does not say
 * which version it was: only whether that is primary now, which a sound wrap may or may not be, and how it is protected,
 * which one key's versions may differ in. So the checksum and the length are what there is to check. The caller zeroes
 * the result.
 *
 * @throws KEY_RESPONSE_INVALID, and what errors.ts makes of what the SDK throws
 */
export async function decrypt(
  ask: Ask,
  name: KeyName,
  ciphertext: Uint8Array,
  bound: Uint8Array,
  stop: AbortSignal,
): Promise<Uint8Array> {
  const { plaintext, plaintextCrc32c } = await ask(
    'decrypt',
    {
      name: name.key,
      ciphertext,
      ciphertextCrc32c: { value: crc32c(ciphertext) },
      additionalAuthenticatedData: bound,
      additionalAuthenticatedDataCrc32c: { value: crc32c(bound) },
    },
    stop,
  );
  if (!isBytes(plaintext)) throw strange('gave no plaintext', name);
  try {
    if (!hasChecksum(plaintext, plaintextCrc32c))
      throw strange('gave a plaintext without its CRC32C checksum', name);
    if (plaintext.length !== DATA_KEY_BYTES)
      throw strange(`gave no data key of ${DATA_KEY_BYTES} bytes`, name);
    const dataKey = secretBytes(DATA_KEY_BYTES);
    dataKey.set(plaintext);
    return dataKey;
  } finally {
    plaintext.fill(0);
  }
}

export function strange(what: string, { key }: KeyName): WeightsealError {
  return new WeightsealError(
    'KEY_RESPONSE_INVALID',
    `What answers for ${key} ${what}, which Cloud KMS does not do. Check the endpoint and proxies, and try again.`,
  );
}

export function rejected(problem: string): WeightsealError {
  return new WeightsealError('UNWRAP_REJECTED', `The wrapped key ${problem}.`);
}

export function isBytes(value: unknown): value is Uint8Array {
  return ownBytes(value) !== undefined;
}
