import { createHash, createPublicKey } from 'node:crypto';
import { WeightsealError } from '@weightseal/core';

export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * What Model Signing calls a key by: the SHA-256 of its PEM, line feeds and all.
 *
 * @param publicKey DER of a SubjectPublicKeyInfo
 * @throws SIGNING_KEY_UNFIT
 */
export function keyHint(publicKey: Uint8Array): string {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
    return sha256Hex(key.export({ type: 'spki', format: 'pem' }));
  } catch (cause) {
    throw new WeightsealError(
      'SIGNING_KEY_UNFIT',
      'A key to trust is no public key that this system knows (SubjectPublicKeyInfo).',
      { cause },
    );
  }
}
