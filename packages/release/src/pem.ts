import { createPublicKey, X509Certificate } from 'node:crypto';
import { WeightsealError } from '@weightseal/core';

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
const LABEL = /-----BEGIN ([^-\r\n]+)-----/g;
const MOST_BYTES = 1_048_576;

/**
 * The one public key in a PEM text, as policies have it: DER of a SubjectPublicKeyInfo. A private key is refused, since it is a slip to have it there.
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
  const [label, more] = text.length > MOST_BYTES ? [] : Array.from(text.matchAll(LABEL), ([, name]) => name);
  // Node would take the key of the first, whatever the certificate says of who may use it, and until when.
  if (more !== undefined || label === 'CERTIFICATE')
    throw new WeightsealError(
      'SIGNING_KEY_UNFIT',
      `${whence} ${more === undefined ? 'is a certificate' : 'has several keys or certificates'}, and one public key is asked for. Name each key by a file of its own, and certificates as what they are: roots.`,
    );
  try {
    if (label === undefined) throw new Error('It is no PEM.');
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
