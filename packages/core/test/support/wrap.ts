import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { type Context, encodeContext } from '../../src/format/context.js';

export const NONCE = 12;
export const TAG = 16;

/** The key-encryption key that a URI stands for, so that the same URI opens in every test. */
export function kekOf(uri: string): Uint8Array {
  return createHash('sha256').update(`weightseal test key ${uri}`).digest();
}

/** nonce, ciphertext, tag; the associated data is the context. */
export function wrapWith(
  kek: Uint8Array,
  dataKey: Uint8Array,
  context: Context,
  nonce: Uint8Array = randomBytes(NONCE),
): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', kek, nonce).setAAD(encodeContext(context));
  return Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
}
