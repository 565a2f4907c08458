// A provider of somebody else's, as check-program.mjs gives it to the program: from a disk, and with no package of ours beside it.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

const secret = readFileSync(new URL('own-key.secret', import.meta.url));
const bound = (context) => Buffer.from(JSON.stringify(context));

class OwnKey {
  provider = 'own-key';

  constructor(uri) {
    this.uri = uri;
  }

  async wrap(dataKey, context) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(bound(context));
    const ciphertext = Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
    return { keyUri: this.uri, keyVersion: '1', algorithm: 'AES-256-GCM', ciphertext };
  }

  async unwrap({ ciphertext }, context) {
    const decipher = createDecipheriv('aes-256-gcm', secret, ciphertext.subarray(0, 12), {
      authTagLength: 16,
    });
    decipher.setAAD(bound(context)).setAuthTag(ciphertext.subarray(-16));
    return Buffer.concat([decipher.update(ciphertext.subarray(12, -16)), decipher.final()]);
  }
}

export const provider = { scheme: 'own-key', options: [], fromUri: (uri) => new OwnKey(uri) };
