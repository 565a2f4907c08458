// Keys for the children of the system tests: fixed, in memory, and of any size in the envelope. They wrap for real (AES-256-GCM), and
// protect nothing: their key follows from their name.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const NONCE = 12;
const TAG = 16;

/** @param pad bytes to add to each wrap, so that few recipients fill an envelope */
export function fixedKey(name, pad = 0) {
  const kek = createHash('sha256').update(`weightseal system test ${name}`).digest();
  return {
    provider: 'fixed',
    uri: `fixed:${name}`,
    async wrap(dataKey) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv('aes-256-gcm', kek, nonce);
      const sealed = Buffer.concat([cipher.update(dataKey), cipher.final()]);
      const ciphertext = Buffer.concat([nonce, sealed, cipher.getAuthTag(), Buffer.alloc(pad)]);
      return { keyUri: `fixed:${name}`, keyVersion: '1', algorithm: 'TEST', ciphertext };
    },
    async unwrap({ ciphertext }) {
      const decipher = createDecipheriv('aes-256-gcm', kek, ciphertext.subarray(0, NONCE));
      const end = ciphertext.length - pad - TAG;
      decipher.setAuthTag(ciphertext.subarray(end, end + TAG));
      return Buffer.concat([decipher.update(ciphertext.subarray(NONCE, end)), decipher.final()]);
    },
  };
}
