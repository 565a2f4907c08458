// A key provider of your own: two methods. This one keeps its key in memory; CONTRIBUTING.md says what a real one must do.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  bufferSource,
  type Context,
  encodeContext,
  type KeyWrapper,
  openToStream,
  sealToStream,
  WeightsealError,
  type WrappedKey,
} from '@weightseal/core';

class MemoryKey implements KeyWrapper {
  readonly provider = 'memory';
  readonly uri = 'memory:example';
  readonly #key = randomBytes(32);

  wrap(dataKey: Uint8Array, context: Context): Promise<WrappedKey> {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(encodeContext(context));
    const ciphertext = Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
    return Promise.resolve({ keyUri: this.uri, keyVersion: '1', algorithm: 'AES-256-GCM', ciphertext });
  }

  async unwrap({ ciphertext }: WrappedKey, context: Context): Promise<Uint8Array> {
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, ciphertext.subarray(0, 12), {
        authTagLength: 16,
      });
      decipher.setAAD(encodeContext(context)).setAuthTag(ciphertext.subarray(-16));
      const dataKey = decipher.update(ciphertext.subarray(12, -16));
      decipher.final();
      return dataKey;
    } catch (cause) {
      throw new WeightsealError('UNWRAP_REJECTED', 'This wrap is of another key or context.', { cause });
    }
  }
}

const keys = [new MemoryKey()];
const context = { model: 'tiny' };
const chunks = await Array.fromAsync(
  sealToStream(bufferSource(new TextEncoder().encode('weights')), { keys, context }),
);
const sealed = bufferSource(Buffer.concat(chunks));
const opened = Buffer.concat(await Array.fromAsync(openToStream(sealed, { keys, context })));
console.log(`provider: ${opened.toString()} sealed with a key of our own`);
