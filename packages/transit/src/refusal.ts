import { isWeightsealError, type WeightsealError } from '@weightseal/core';
import { type PeerCode, peerError } from './errors.js';

/** What Node calls the results of OpenSSL's verification (X509_V_ERR_*). */
const VERIFIED: Readonly<Record<string, readonly [PeerCode, string]>> = {
  CERT_HAS_EXPIRED: ['CERTIFICATE_EXPIRED', 'is not valid any more'],
  CERT_NOT_YET_VALID: ['CERTIFICATE_NOT_YET_VALID', 'is not valid yet'],
  CERT_REVOKED: ['CERTIFICATE_REVOKED', 'was revoked by its authority'],
  INVALID_PURPOSE: ['CERTIFICATE_USAGE', 'is for another purpose'],
  HOSTNAME_MISMATCH: ['CERTIFICATE_NAME_MISMATCH', 'is of another name'],
  ...each(
    [
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'CERT_UNTRUSTED',
      'CERT_REJECTED',
      'CERT_SIGNATURE_FAILURE',
      'CERT_CHAIN_TOO_LONG',
    ],
    ['CERTIFICATE_UNTRUSTED', 'leads to no root that is trusted here'],
  ),
  ...each(
    [
      'UNABLE_TO_GET_CRL',
      'CRL_HAS_EXPIRED',
      'CRL_NOT_YET_VALID',
      'CRL_SIGNATURE_FAILURE',
      'UNABLE_TO_DECRYPT_CRL_SIGNATURE',
    ],
    ['REVOCATION_UNKNOWN', 'may be revoked: the list of its authority is missing, too old, or not its own'],
  ),
};

/** What the other side says by an alert (RFC 8446 §6), as Node puts it. */
const ALERTS: readonly (readonly [RegExp, PeerCode, string])[] = [
  [/DID_NOT_RETURN_A_CERTIFICATE/, 'CERTIFICATE_MISSING', 'The other side has shown no certificate'],
  [
    /ALERT_CERTIFICATE_REQUIRED/,
    'CERTIFICATE_MISSING',
    'The other side asks for a certificate, and none was shown',
  ],
  [
    /ALERT_CERTIFICATE_EXPIRED/,
    'CERTIFICATE_EXPIRED',
    'The other side says that our certificate is not valid any more',
  ],
  [
    /ALERT_CERTIFICATE_REVOKED/,
    'CERTIFICATE_REVOKED',
    'The other side says that our certificate was revoked',
  ],
  [
    /ALERT_UNKNOWN_CA/,
    'CERTIFICATE_UNTRUSTED',
    'The other side does not trust the authority of our certificate',
  ],
  [
    /ALERT_(?:BAD|UNSUPPORTED)_CERTIFICATE/,
    'CERTIFICATE_INVALID',
    'The other side does not take our certificate',
  ],
];

/** A record that was damaged on the way, as this side calls it or the other one: nobody has refused anything. */
const DAMAGED = /_(?:BAD_RECORD_MAC|BAD_RECORD_TYPE|RECORD_LAYER_FAILURE|RECORD_OVERFLOW|LENGTH_TOO_LONG)$/;

function each<T>(names: readonly string[], value: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

/**
 * Why a handshake has failed, with a code; undefined where nobody has refused anything, as when the other side has just left.
 *
 * @param error of `tlsClientError` on a server, of `error` on a client's socket or request
 * @param socket of `tlsClientError`: Node tells there what was wrong with the client's certificate, and nowhere else
 */
export function refusalOf(
  error: Error,
  socket?: { readonly authorizationError?: unknown },
): WeightsealError | undefined {
  if (isWeightsealError(error)) return error;
  const reason = socket?.authorizationError;
  if (isWeightsealError(reason)) return reason;
  if (reason) return ofVerification(textOf(reason), error);
  const { code = '', cause } = error as NodeJS.ErrnoException & { cause?: unknown };
  // undici's `fetch failed`.
  if (cause instanceof Error && code === '') return refusalOf(cause);
  if (Object.hasOwn(VERIFIED, code)) return ofVerification(code, error);
  if (/^(?:UNSPECIFIED|INVALID_CA|PATH_LENGTH_EXCEEDED)$/.test(code)) return ofVerification(code, error);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return ofVerification('HOSTNAME_MISMATCH', error);
  if (!/^(?:ERR_SSL_|EPROTO)/.test(code) || DAMAGED.test(code)) return undefined;
  const alert = ALERTS.find(([pattern]) => pattern.test(code));
  return alert
    ? peerError(alert[1], alert[2], error)
    : peerError('TLS_REFUSED', 'The handshake of TLS has failed', error);
}

function textOf(reason: unknown): string {
  return typeof reason === 'string' ? reason : String((reason as { code?: unknown }).code ?? reason);
}

/** @param name what Node calls the result of a verification */
export function ofVerification(name: string, cause?: Error): WeightsealError {
  const [code, why] = Object.hasOwn(VERIFIED, name)
    ? VERIFIED[name]!
    : ([
        'CERTIFICATE_INVALID',
        'breaks a rule of X.509, such as the names that its authority may issue for',
      ] as const);
  return peerError(code, `The certificate of the other side ${why}`, cause);
}
