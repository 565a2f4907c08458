import { isWeightsealError, verifySignature, WeightsealError } from '@weightseal/core';
import { sha256Hex } from '../key-hint.js';
import type { SignedBy, TrustedCertificates } from '../signers.js';
import { type Certificate, certificateReader, checkKey } from './certificate.js';
import { chainOf } from './chain.js';
import { checkIdentity, checkSigner, identitiesOf } from './signer.js';

export interface SignedByCertificate {
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** DER, the signer's own first. */
  readonly certificates: readonly Uint8Array[];
}

/**
 * Who has signed by a certificate that leads to one of the trusted roots.
 *
 * @returns with it why each of the trusted is not the one, where none is
 * @throws CERTIFICATE_INVALID, SIGNING_KEY_UNFIT, SIGNATURE_REJECTED
 */
export async function signerByCertificate(
  { signed, signature, certificates }: SignedByCertificate,
  trusted: readonly TrustedCertificates[],
  now: number = Date.now(),
): Promise<SignedBy | readonly WeightsealError[]> {
  const read = await certificateReader();
  const [leaf, ...others] = certificates.map(read) as [Certificate, ...Certificate[]];
  checkKey(leaf);
  if (!verifySignature(leaf.publicKey, signed, signature)) throw rejected(leaf.subject);
  const failures: WeightsealError[] = [];
  for (const { roots, identity } of trusted) {
    try {
      chainOf(leaf, others, roots.map(read));
      checkSigner(leaf, now);
      checkIdentity(leaf, identity);
      return {
        kind: 'certificate',
        subject: leaf.subject,
        identities: identitiesOf(leaf),
        fingerprint: sha256Hex(leaf.raw),
      };
    } catch (error) {
      if (!isWeightsealError(error)) throw error;
      failures.push(error);
    }
  }
  return failures;
}

function rejected(subject: string): WeightsealError {
  return new WeightsealError(
    'SIGNATURE_REJECTED',
    `The key of the certificate ${JSON.stringify(subject)} did not make this signature of these bytes. Do not use what was signed; get it again from where it is released.`,
  );
}
