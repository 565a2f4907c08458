import { createPublicKey, X509Certificate } from 'node:crypto';
import { WeightsealError } from '@weightseal/core';

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
const MOST_BYTES = 1_048_576;

/**
 * The public key in a PEM text, as policies have it: DER of a SubjectPublicKeyInfo. A private key is refused, since it is a slip to have it there.
 *
 * @param whence what the text is of, for messages
 * @throws SIGNING_KEY_UNFIT
 */
export function publicKeyFromPem(text: string, whence: string): Uint8Array {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    throw new WeightsealError(
      'SIGNING_KEY_UNFIT',
      `${whence} is a private key, and its public one is asked for: openssl pkey -in KEY -pubout.`,
    );
  try {
    if (text.length > MOST_BYTES || !text.includes('-----BEGIN ')) throw new Error('It is no PEM.');
    return Uint8Array.from(createPublicKey(text).export({ type: 'spki', format: 'der' }));
  } catch (cause) {
    throw new WeightsealError('SIGNING_KEY_UNFIT', `${whence} is no public key in PEM.`, { cause });
  }
}

/**
 * The certificates in a PEM text, in their order, as DER.
 *
 * @param whence what the text is of, for messages
 * @throws CERTIFICATE_INVALID
 */
export function certificatesFromPem(text: string, whence: string): Uint8Array[] {
  const blocks = text.length > MOST_BYTES ? [] : [...text.matchAll(BLOCK)];
  if (blocks.length === 0)
    throw new WeightsealError('CERTIFICATE_INVALID', `${whence} has no certificates in PEM.`);
  try {
    return blocks.map(([block]) => Uint8Array.from(new X509Certificate(block).raw));
  } catch (cause) {
    throw new WeightsealError('CERTIFICATE_INVALID', `${whence} has a certificate that is none.`, { cause });
  }
}
