import { type ErrorCode, shown, WeightsealError } from '@weightseal/core';

export type PeerCode = Extract<
  ErrorCode,
  `CERTIFICATE_${string}` | 'REVOCATION_UNKNOWN' | 'CLIENT_FORBIDDEN' | 'TLS_REFUSED' | 'SIGNING_KEY_UNFIT'
>;

const TODO: Readonly<Record<PeerCode, string>> = {
  CERTIFICATE_MISSING: 'Give the client a certificate and its key; both sides show one.',
  CERTIFICATE_INVALID: 'Have it issued again.',
  CERTIFICATE_EXPIRED: 'Have it renewed; what renews it may have stopped.',
  CERTIFICATE_NOT_YET_VALID: 'Check its beginning, and the clocks of both machines.',
  CERTIFICATE_USAGE:
    'Have one issued that names its purpose: clientAuth for a client, serverAuth for a server, and digitalSignature.',
  CERTIFICATE_UNTRUSTED: 'Check who issued it; put its root into `ca` if that is right.',
  CERTIFICATE_REVOKED: 'Have a new one issued, for a new key.',
  CERTIFICATE_NAME_MISMATCH: 'Check the address, and which names the certificate was issued for.',
  CERTIFICATE_DEVELOPMENT:
    'Use certificates of your own authority; on a machine for development set `allowDevelopment`.',
  REVOCATION_UNKNOWN: 'Get the current list of its authority; until then nobody of it is let in.',
  CLIENT_FORBIDDEN: 'Check the rules if that is wrong.',
  TLS_REFUSED: 'Both sides must offer TLS 1.3, and one of the same protocols above it (ALPN).',
  SIGNING_KEY_UNFIT: 'Use a key of P-256, P-384, P-521 or Ed25519, or RSA of 2048 bits at least.',
};

/** @param said a whole sentence without its full stop; what to do follows */
export function peerError(code: PeerCode, said: string, cause?: unknown): WeightsealError {
  return new WeightsealError(code, `${said}. ${TODO[code]}`, cause === undefined ? {} : { cause });
}

/** @param subject whose certificate it is */
export function certificateError(
  code: PeerCode,
  subject: string,
  why: string,
  cause?: unknown,
): WeightsealError {
  return peerError(code, `The certificate ${shown(subject)} ${why}`, cause);
}

export function developmentError({ subject }: { readonly subject: string }): WeightsealError {
  return certificateError('CERTIFICATE_DEVELOPMENT', subject, 'is of an authority for development');
}

export function timeOf(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? 'a time that cannot be read' : date.toISOString();
}

/** Whatever is no number compares with nothing: what has ended would count by it. @throws INVALID_ARGUMENT */
export function checkNow(now: unknown): void {
  if (!Number.isFinite(now))
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'The time `now` must be a number of milliseconds since 1970, as `Date.now()` gives it.',
    );
}
