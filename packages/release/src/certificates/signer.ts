import { WeightsealError } from '@weightseal/core';
import { type Certificate, checkKey } from './certificate.js';
import { certificateError } from './errors.js';

const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const ANY_PURPOSE = '2.5.29.37.0';

/**
 * The certificate is for signatures: digitalSignature where it names what its key is for, codeSigning where it names purposes, and one of the two. The reference implementation takes either; a
 * certificate of a web server has digitalSignature, and releases no models.
 *
 * @throws SIGNING_KEY_UNFIT, CERTIFICATE_USAGE, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_INVALID
 */
export function checkSigner(leaf: Certificate, now: number): void {
  const { keyUsage, purposes, subject } = leaf;
  checkKey(leaf);
  if (!keyUsage && !purposes)
    throw certificateError('CERTIFICATE_USAGE', subject, 'does not say what it is for');
  if (keyUsage && !keyUsage.digitalSignature)
    throw certificateError('CERTIFICATE_USAGE', subject, 'is not for signatures: it lacks digitalSignature');
  if (purposes && !purposes.some((purpose) => purpose === CODE_SIGNING || purpose === ANY_PURPOSE))
    throw certificateError('CERTIFICATE_USAGE', subject, 'is for other purposes than codeSigning');
  if (leaf.notAfter < leaf.notBefore)
    throw certificateError('CERTIFICATE_INVALID', subject, 'ends before it begins');
  if (leaf.notBefore > now)
    throw certificateError(
      'CERTIFICATE_NOT_YET_VALID',
      subject,
      `is valid from ${timeOf(leaf.notBefore)} on, and that is yet to come`,
    );
}

/** Who it is: alternative names, and without any the common name, if there is just one. */
export function identitiesOf({ alternativeNames, commonNames }: Certificate): readonly string[] {
  return alternativeNames ?? (commonNames.length === 1 ? commonNames : []);
}

/** @throws SIGNER_UNTRUSTED */
export function checkIdentity(leaf: Certificate, identity: string | undefined): void {
  if (identity === undefined || identitiesOf(leaf).includes(identity)) return;
  const names = identitiesOf(leaf).map((name) => JSON.stringify(name));
  throw new WeightsealError(
    'SIGNER_UNTRUSTED',
    `It was signed by ${names.join(', ') || 'somebody without a name'}, and trusted is ${JSON.stringify(identity)}. Check who released it; trust that name if that is right.`,
  );
}

export function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
