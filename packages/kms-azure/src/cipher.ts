import type { CryptographyClient } from '@azure/keyvault-keys';
import { DATA_KEY_BYTES, ownBytes } from '@weightseal/core';
import { type Answered, type Ask, answeredVersion, ask, invalidAnswer } from './ask.js';
import { type AzureAlgorithm, type Body, dataKeyOf, joinBlob, owned, payloadOf } from './blob.js';

/** One version of the key, and what its wraps are bound to. */
export interface Cipher extends Ask {
  readonly client: CryptographyClient;
  readonly version: string;
  /** The context in canonical JSON. */
  readonly context: Uint8Array;
}

/** Wraps under exactly this version. @throws KEY_RESPONSE_INVALID, and what ask() throws */
export async function wrapDataKey(
  cipher: Cipher,
  algorithm: AzureAlgorithm,
  dataKey: Uint8Array,
): Promise<Uint8Array> {
  const body = await (algorithm === 'A256GCM' ? encrypt(cipher, dataKey) : wrap(cipher, algorithm, dataKey));
  return joinBlob(body) ?? fail(cipher, 'the wrapped key has a length that it cannot have');
}

/** @throws UNWRAP_REJECTED, KEY_RESPONSE_INVALID, and what ask() throws */
export async function unwrapDataKey(cipher: Cipher, body: Body): Promise<Uint8Array> {
  const plaintext = await (body.algorithm === 'A256GCM' ? decrypt(cipher, body) : unwrap(cipher, body));
  try {
    if (body.algorithm !== 'A256GCM') return dataKeyOf(plaintext, cipher.context);
    if (plaintext.length !== DATA_KEY_BYTES) fail(cipher, 'the data key has another length than 32 bytes');
    return owned(plaintext);
  } finally {
    plaintext.fill(0);
  }
}

async function wrap(
  cipher: Cipher,
  algorithm: 'RSA-OAEP-256' | 'A256KW',
  dataKey: Uint8Array,
): Promise<Body> {
  const payload = payloadOf(dataKey, cipher.context);
  try {
    const answered = await ask(cipher, 'wrapKey', (options) =>
      cipher.client.wrapKey(algorithm, payload, options),
    );
    return { algorithm, ciphertext: bytes(cipher, checked(cipher, answered).result) };
  } finally {
    payload.fill(0);
  }
}

async function unwrap(
  cipher: Cipher,
  { algorithm, ciphertext }: Exclude<Body, { algorithm: 'A256GCM' }>,
): Promise<Uint8Array> {
  const answered = await ask(cipher, 'unwrapKey', (options) =>
    cipher.client.unwrapKey(algorithm, ciphertext, options),
  );
  return secret(cipher, answered);
}

async function encrypt(cipher: Cipher, plaintext: Uint8Array): Promise<Body> {
  // The service makes the nonce; one that is sent along is refused.
  const parameters = {
    algorithm: 'A256GCM',
    plaintext,
    additionalAuthenticatedData: cipher.context,
  } as const;
  const answered = await ask(cipher, 'encrypt', (options) => cipher.client.encrypt(parameters, options));
  const { result, iv, authenticationTag } = checked(cipher, answered);
  return {
    algorithm: 'A256GCM',
    iv: bytes(cipher, iv),
    ciphertext: bytes(cipher, result),
    tag: bytes(cipher, authenticationTag),
  };
}

async function decrypt(
  cipher: Cipher,
  { iv, ciphertext, tag }: Extract<Body, { algorithm: 'A256GCM' }>,
): Promise<Uint8Array> {
  const parameters = {
    algorithm: 'A256GCM',
    iv,
    ciphertext,
    authenticationTag: tag,
    additionalAuthenticatedData: cipher.context,
  } as const;
  const answered = await ask(cipher, 'decrypt', (options) => cipher.client.decrypt(parameters, options));
  return secret(cipher, answered);
}

/** What was unwrapped; zeroed when the answer is not one to believe. */
function secret(cipher: Cipher, answered: Answered<{ result?: unknown }>): Uint8Array {
  const { result } = answered.answer;
  try {
    return bytes(cipher, checked(cipher, answered).result);
  } catch (error) {
    ownBytes(result)?.fill(0);
    throw error;
  }
}

function checked<T>(cipher: Cipher, { answer, kid }: Answered<T>): T {
  answeredVersion(kid, cipher.key, cipher.version);
  return answer;
}

function bytes(cipher: Cipher, value: unknown): Uint8Array {
  const own = ownBytes(value);
  return own && own.length > 0 ? own : fail(cipher, 'a field is missing in the answer');
}

function fail({ key }: Ask, problem: string): never {
  throw invalidAnswer(key, problem);
}
