import { DATA_KEY_BYTES, isWeightsealError, ownBytes, secretBytes } from '@weightseal/core';
import type { Ask } from './ask.js';
import type { KeyName } from './key-name.js';
import { answeredVersion, type KeyVersion, strange } from './key-version.js';

const { timingSafeEqual } = process.getBuiltinModule('node:crypto');

export const ALGORITHM = 'SYMMETRIC_DEFAULT';
/** DecryptRequest, CiphertextBlob. */
export const MAX_CIPHERTEXT_BYTES = 6144;

/** @throws KEY_RESPONSE_INVALID, and what errors.ts makes of what the SDK throws */
export async function encrypt(
  ask: Ask,
  name: KeyName,
  dataKey: Uint8Array,
  bound: Record<string, string>,
  stop: AbortSignal,
): Promise<Uint8Array> {
  const answer = await ask('Encrypt', stop, ({ sdk, client, KeyId, abort }) =>
    client.send(new sdk.EncryptCommand({ KeyId, Plaintext: dataKey, EncryptionContext: bound }), abort),
  );
  answeredVersion(answer, name);
  const ciphertext = bytesOf(answer.CiphertextBlob);
  if (!ciphertext?.length || ciphertext.length > MAX_CIPHERTEXT_BYTES)
    throw strange('gave no ciphertext', name);
  // Out of the pool that Node decodes base64 into, and that other secrets go through.
  return Uint8Array.from(ciphertext);
}

/**
 * The explicit KeyId keeps a wrap from choosing its key; the ciphertext itself names the key material. The caller zeroes
 * the plaintext.
 *
 * @throws KEY_RESPONSE_INVALID, and what errors.ts makes of what the SDK throws
 */
export async function decrypt(
  ask: Ask,
  name: KeyName,
  ciphertext: Uint8Array,
  bound: Record<string, string>,
  stop: AbortSignal,
): Promise<{ plaintext: Uint8Array; version: KeyVersion }> {
  const answer = await ask('Decrypt', stop, ({ sdk, client, KeyId, abort }) =>
    client.send(
      new sdk.DecryptCommand({
        KeyId,
        CiphertextBlob: ciphertext,
        EncryptionContext: bound,
        EncryptionAlgorithm: ALGORITHM,
      }),
      abort,
    ),
  );
  const { EncryptionAlgorithm: algorithm = ALGORITHM } = answer;
  const decoded = bytesOf(answer.Plaintext);
  try {
    const version = answeredVersion(answer, name);
    if (algorithm !== ALGORITHM) throw strange('used another algorithm than asked', name);
    if (decoded?.length !== DATA_KEY_BYTES)
      throw strange(`gave no data key of ${DATA_KEY_BYTES} bytes`, name);
    const plaintext = secretBytes(DATA_KEY_BYTES);
    plaintext.set(decoded);
    return { plaintext, version };
  } finally {
    decoded?.fill(0);
  }
}

/**
 * The key and material that made a fresh wrap. Encrypt does not tell the material; Decrypt does, and shows at the same
 * time that the wrap is sound.
 *
 * @throws KEY_RESPONSE_INVALID, and what errors.ts makes of what the SDK throws
 */
export async function wrappedVersion(
  ask: Ask,
  name: KeyName,
  wrap: { dataKey: Uint8Array; ciphertext: Uint8Array; bound: Record<string, string> },
  stop: AbortSignal,
): Promise<KeyVersion> {
  try {
    const { plaintext, version } = await decrypt(ask, name, wrap.ciphertext, wrap.bound, stop);
    const same = timingSafeEqual(plaintext, wrap.dataKey);
    plaintext.fill(0);
    if (!same) throw strange('unwrapped other bytes than it had wrapped', name);
    return version;
  } catch (error) {
    if (!isWeightsealError(error) || error.code !== 'UNWRAP_REJECTED') throw error;
    throw strange('did not unwrap what it had just wrapped', name, error);
  }
}

/** The SDK decodes a string of JSON, and passes on whatever else stands there. */
function bytesOf(value: unknown): Uint8Array | undefined {
  return ownBytes(value);
}
