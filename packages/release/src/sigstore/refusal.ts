import { type ErrorCode, WeightsealError } from '@weightseal/core';

const AGAIN = 'Do not use what was signed; get it again from where it is released.';

/** By the codes of @sigstore/verify. */
const CODES: Readonly<Record<string, readonly [code: ErrorCode, message: string]>> = {
  SIGNATURE_ERROR: ['SIGNATURE_REJECTED', `The key did not make this signature of these bytes. ${AGAIN}`],
  TLOG_BODY_ERROR: ['SIGNATURE_REJECTED', `The log's entry is of another signature. ${AGAIN}`],
  TLOG_ERROR: ['SIGNATURE_REJECTED', `The signature is in no log that is trusted. ${AGAIN}`],
  TLOG_INCLUSION_PROOF_ERROR: [
    'SIGNATURE_REJECTED',
    `Nothing proves that the log has the signature. ${AGAIN}`,
  ],
  TLOG_INCLUSION_PROMISE_ERROR: [
    'SIGNATURE_REJECTED',
    `Nothing proves that the log has the signature. ${AGAIN}`,
  ],
  TLOG_MISSING_INCLUSION_ERROR: [
    'SIGNATURE_REJECTED',
    `Nothing proves that the log has the signature. ${AGAIN}`,
  ],
  CERTIFICATE_ERROR: [
    'CERTIFICATE_UNTRUSTED',
    'The certificate of the signer was not issued by this instance of Sigstore, or is in no log of certificates. Check the trusted root.',
  ],
  PUBLIC_KEY_ERROR: ['SIGNER_UNTRUSTED', 'The signer is no identity of Sigstore.'],
};

/** What Sigstore's libraries refuse, under a code of ours; they throw plain errors too, for what they cannot read. */
export function refusal(cause: unknown): WeightsealError {
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
  if (isLate(cause))
    return new WeightsealError(
      'CERTIFICATE_EXPIRED',
      'The certificate of the signer, or of who issued it, was not valid at the time that a log or a time stamp proves. Sign again.',
      { cause },
    );
  if (code === 'TIMESTAMP_ERROR')
    return String(message).endsWith('got 0')
      ? new WeightsealError(
          'CERTIFICATE_EXPIRED',
          'Nothing proves when it was signed, and its certificate was valid for minutes. Sign again, with a time stamp or a log that tells the time.',
          { cause },
        )
      : new WeightsealError('SIGNATURE_REJECTED', `The time stamp is not good. ${AGAIN}`, { cause });
  const known = typeof code === 'string' && Object.hasOwn(CODES, code) ? CODES[code] : undefined;
  const [ours, said] = known ?? [
    'SIGNATURE_INVALID',
    `The signature is no bundle that Sigstore's library reads. Get it again from where the model is released.`,
  ];
  return new WeightsealError(ours as ErrorCode, said, { cause });
}

function isLate(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause)
    if (/\bexpired\b/.test(one.message)) return true;
  return false;
}
