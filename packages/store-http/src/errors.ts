import { codeOfStatus, type ErrorCode, isWeightsealError, WeightsealError } from '@weightseal/core';

/** For an answer whose status is no success. */
export function refused(where: string, status: number): WeightsealError {
  const code = codeOfStatus(status);
  return new WeightsealError(
    code,
    `${where} ${SAYS[code] ?? `gives an answer of status ${status}`}${ADVICE[code] ?? '.'}`,
  );
}

const SAYS: Partial<Record<ErrorCode, string>> = {
  INPUT_NOT_FOUND: 'is not there',
  STORE_DENIED: 'may not be read with what was given',
  STORE_THROTTLED: 'is asked too often, says its server',
};
const ADVICE: Partial<Record<ErrorCode, string>> = {
  INPUT_NOT_FOUND: '; check the path, and that its server shows it to you.',
  STORE_DENIED:
    ': give the `headers` or the `query` that it wants, or fresh ones (weightseal help store-http).',
  STORE_THROTTLED: '; ask for less at once (concurrency).',
  STORE_UNAVAILABLE: '; try again later.',
};

/** What TLS says of a certificate, in Node's codes. */
const CERTIFICATES = /^(?:ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|ERR_SSL_)/;

/** A record of TLS that was damaged on the way, as this side calls it or the other one. */
const DAMAGED =
  /^ERR_SSL_\w*(?:BAD_RECORD_MAC|BAD_RECORD_TYPE|RECORD_LAYER_FAILURE|RECORD_OVERFLOW|LENGTH_TOO_LONG)$/;

/**
 * For what Node threw when the answer had begun: then nobody has refused anything by TLS but a certificate, and whatever else cannot be deciphered may come whole the next time.
 *
 * @param refusal what it says of certificates
 */
export function brokenOff(
  thrown: unknown,
  where: string,
  refusal: WeightsealError | undefined,
): WeightsealError {
  return refusal && refusal.code !== 'TLS_REFUSED' ? refusal : failed(thrown, where, /^ERR_SSL_/);
}

/** For what Node threw: nothing of the answer, the request or the proxy's URL goes on with it. */
export function failed(thrown: unknown, where: string, damaged: RegExp = DAMAGED): WeightsealError {
  if (isWeightsealError(thrown)) return thrown;
  const { code } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as { code?: unknown };
  const known = typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : undefined;
  const cause = Object.assign(new Error(known ?? 'The connection failed.'), known && { code: known });
  const error = (kind: ErrorCode, message: string) => new WeightsealError(kind, message, { cause });
  const told = known === undefined ? '' : ` (${known})`;
  if (known?.startsWith('HPE_'))
    return error(
      'STORE_RESPONSE_INVALID',
      `What answers for ${where} does not speak HTTP as it should${told}.`,
    );
  if (known === 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')
    return error(
      'CERTIFICATE_MISSING',
      `The server of ${where} asks for a certificate of ours, and none was shown; name it by \`tls\` (weightseal help store-http).`,
    );
  if (known !== undefined && CERTIFICATES.test(known) && !damaged.test(known))
    return error(
      'STORE_RESPONSE_INVALID',
      `The server of ${where} shows no certificate that is trusted${told}; name its authority by \`ca\` or NODE_EXTRA_CA_CERTS.`,
    );
  if (known?.startsWith('ERR_PROXY_'))
    return error(
      'STORE_UNAVAILABLE',
      `The proxy does not lead to ${where}${told}; check HTTPS_PROXY, or \`proxy\`.`,
    );
  return error(
    'STORE_UNAVAILABLE',
    `${where} cannot be reached, or the connection ended early${told}; check the network and the host.`,
  );
}

export function invalidAnswer(where: string, what: string): WeightsealError {
  return new WeightsealError('STORE_RESPONSE_INVALID', `The answer of ${where} ${what}.`);
}
