import { WeightsealError } from '@weightseal/core';
import { certificateError } from './errors.js';
import type { Peer, Revocation } from './peer.js';
import type { Certificate } from './x509/certificate.js';
import { checkRevoked } from './x509/crl.js';
import { checkStrength, checkTimes, isValidAt } from './x509/sound.js';

/** Longer chains are nobody's. */
export const MOST = 8;
/** By the issuer, and then by what it may have issued: each request asks, and a signature stays what it is. */
const ISSUED = new WeakMap<Certificate, WeakMap<Certificate, boolean>>();

/**
 * Each authority on the way, as far as it is known: that it counts now. Where revocation is asked, the way leads to a trusted root, and each certificate below it is judged by the list of whoever issued it.
 *
 * @throws CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_UNTRUSTED, CERTIFICATE_REVOKED, REVOCATION_UNKNOWN, SIGNING_KEY_UNFIT, INVALID_ARGUMENT
 */
export function checkChain(
  { certificate, chain }: Peer,
  revocation: Revocation | undefined,
  now: number,
): void {
  if (revocation !== undefined) checkRevocation(revocation);
  const authorities = revocation?.authorities ?? [];
  const known = [...authorities, ...chain];
  let issued = certificate;
  for (let step = 0; step < MOST; step++) {
    const issuers = known.filter((one) => hasIssued(one, issued));
    // An authority that was renewed stands there twice.
    const issuer = issuers.find((one) => isValidAt(one, now)) ?? issuers[0];
    if (!issuer) {
      if (revocation === undefined) return;
      const why = 'is of no authority that is known here';
      throw certificateError('CERTIFICATE_UNTRUSTED', issued.subject, why);
    }
    checkTimes(issuer, now);
    checkStrength(issuer);
    if (revocation) checkRevoked(issued, issuer, revocation.crls, now);
    // As OpenSSL has it: what is trusted and has not issued itself is on the way only.
    if (isRoot(issuer) && (revocation === undefined || authorities.includes(issuer))) return;
    issued = issuer;
  }
  if (revocation !== undefined)
    throw certificateError('CERTIFICATE_UNTRUSTED', certificate.subject, 'leads to no root that is trusted');
}

/** @throws INVALID_ARGUMENT */
function checkRevocation(given: Revocation): void {
  const { authorities, crls } = (given ?? {}) as Partial<Revocation>;
  const sound =
    Array.isArray(authorities) &&
    authorities.every((one: Partial<Certificate> | null) => ArrayBuffer.isView(one?.subjectName)) &&
    Array.isArray(crls) &&
    crls.every((one: Revocation['crls'][number] | null) => typeof one?.isSignedBy === 'function');
  if (sound) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    'What is known of revocation must be { authorities, crls }: as `readCertificates` and `readCrls` read them, or `revocation` of ReloadingTls.',
  );
}

function isRoot({ subjectName, issuerName }: Certificate): boolean {
  return Buffer.compare(subjectName, issuerName) === 0;
}

function hasIssued(issuer: Certificate, issued: Certificate): boolean {
  if (!issuer.isAuthority || Buffer.compare(issuer.subjectName, issued.issuerName) !== 0) return false;
  const its = ISSUED.get(issuer) ?? new WeakMap<Certificate, boolean>();
  ISSUED.set(issuer, its);
  const is = its.get(issued) ?? hasSigned(issuer, issued);
  its.set(issued, is);
  return is;
}

function hasSigned(issuer: Certificate, issued: Certificate): boolean {
  try {
    return issued.node.verify(issuer.node.publicKey);
  } catch {
    // A key of another kind than the signature's.
    return false;
  }
}
