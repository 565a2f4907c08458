import { signingAlgorithmOf } from '@weightseal/core';
import { certificateError, checkNow, timeOf } from '../errors.js';
import type { Certificate } from './certificate.js';

/** Each request asks, and a key does not change. */
const STRONG = new WeakSet<Certificate>();

/** @throws CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, INVALID_ARGUMENT */
export function checkTimes({ subject, notBefore, notAfter }: Certificate, now: number): void {
  checkNow(now);
  // Asked so that what is no number is not valid.
  if (!(now <= notAfter))
    throw certificateError('CERTIFICATE_EXPIRED', subject, `was valid until ${timeOf(notAfter)}`);
  if (!(now >= notBefore))
    throw certificateError('CERTIFICATE_NOT_YET_VALID', subject, `is valid from ${timeOf(notBefore)} on`);
}

export function isValidAt({ notBefore, notAfter }: Certificate, now: number): boolean {
  return notBefore <= now && now <= notAfter;
}

/** @throws SIGNING_KEY_UNFIT */
export function checkStrength(certificate: Certificate): void {
  if (STRONG.has(certificate)) return;
  const { node, subject } = certificate;
  try {
    signingAlgorithmOf(node.publicKey.export({ type: 'spki', format: 'der' }));
  } catch (cause) {
    throw certificateError(
      'SIGNING_KEY_UNFIT',
      subject,
      'has a key that is too weak, or of a kind that is not taken',
      cause,
    );
  }
  STRONG.add(certificate);
}
