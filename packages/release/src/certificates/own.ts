import { WeightsealError } from '@weightseal/core';
import { MOST_CERTIFICATES } from '../bundle/bundle.js';
import { certificateReader } from './certificate.js';
import { chainOf } from './chain.js';
import { certificateError } from './errors.js';
import { checkSigner, timeOf } from './signer.js';

/**
 * Of whoever signs: the first certificate is the key's and good for that now, and each has been issued by one of the others but the last, whose root stays with whoever verifies.
 *
 * @throws INVALID_ARGUMENT, CERTIFICATE_INVALID, CERTIFICATE_USAGE, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, SIGNING_KEY_UNFIT
 */
export async function checkOwnCertificates(
  certificates: readonly Uint8Array[],
  publicKey: Uint8Array,
  now: number = Date.now(),
): Promise<void> {
  if (certificates.length === 0 || certificates.length > MOST_CERTIFICATES)
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `Signing takes 1 to ${MOST_CERTIFICATES} certificates, the signer's own first, and not ${certificates.length}.`,
    );
  const [leaf, ...others] = certificates.map(await certificateReader());
  if (!leaf) return;
  if (Buffer.compare(leaf.publicKey, publicKey) !== 0)
    throw certificateError('CERTIFICATE_INVALID', leaf.subject, 'is of another key than the one that signs');
  checkSigner(leaf, now);
  // Readers do not see this, since nothing in a signature proves when it was made: chain.ts.
  if (leaf.notAfter < now)
    throw certificateError('CERTIFICATE_EXPIRED', leaf.subject, `was valid until ${timeOf(leaf.notAfter)}`);
  const last = others.at(-1);
  if (last) chainOf(leaf, others.slice(0, -1), [last]);
}
