import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  type Context,
  encodeContext,
  type KeyWrapper,
  WeightsealError,
  type WrappedKey,
} from '@weightseal/core';

/** A key in memory that counts what it was asked for. */
export class MemoryKey implements KeyWrapper {
  readonly provider = 'memory';
  readonly uri = 'memory:test';
  unwraps = 0;
  readonly #key = randomBytes(32);

  async wrap(dataKey: Uint8Array, context: Context): Promise<WrappedKey> {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(encodeContext(context));
    const ciphertext = Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
    return { keyUri: this.uri, keyVersion: '1', algorithm: 'AES-256-GCM', ciphertext };
  }

  async unwrap({ ciphertext }: WrappedKey, context: Context): Promise<Uint8Array> {
    this.unwraps++;
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, ciphertext.subarray(0, 12), {
        authTagLength: 16,
      });
      decipher.setAAD(encodeContext(context)).setAuthTag(ciphertext.subarray(-16));
      return Uint8Array.from(
        Buffer.concat([decipher.update(ciphertext.subarray(12, -16)), decipher.final()]),
      );
    } catch (cause) {
      throw new WeightsealError('UNWRAP_REJECTED', 'Another key wrapped this.', { cause });
    }
  }
}
