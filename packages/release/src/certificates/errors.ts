import { type ErrorCode, shown, WeightsealError } from '@weightseal/core';

type CertificateCode = Extract<
  ErrorCode,
  | 'CERTIFICATE_INVALID'
  | 'CERTIFICATE_EXPIRED'
  | 'CERTIFICATE_NOT_YET_VALID'
  | 'CERTIFICATE_USAGE'
  | 'CERTIFICATE_UNTRUSTED'
  | 'SIGNING_KEY_UNFIT'
>;

const TODO: Readonly<Record<CertificateCode, string>> = {
  CERTIFICATE_INVALID: 'Have it issued again.',
  CERTIFICATE_EXPIRED: 'Sign with a certificate of an authority that is valid.',
  CERTIFICATE_NOT_YET_VALID: 'Check its beginning, and the clock of whoever signs.',
  CERTIFICATE_USAGE:
    'Sign with a certificate that has digitalSignature, and codeSigning where it names purposes.',
  CERTIFICATE_UNTRUSTED: 'Check who issued it; name its root as trusted if that is right.',
  SIGNING_KEY_UNFIT: 'Sign with another one.',
};

/** @param subject whose certificate it is */
export function certificateError(
  code: CertificateCode,
  subject: string,
  why: string,
  cause?: unknown,
): WeightsealError {
  return new WeightsealError(
    code,
    `The certificate ${shown(subject)} ${why}. ${TODO[code]}`,
    cause === undefined ? {} : { cause },
  );
}
