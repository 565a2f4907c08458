import {
  checkOptions,
  type Signer,
  signingAlgorithmOf,
  throwIfAborted,
  verifySignature,
  WeightsealError,
} from '@weightseal/core';
import { encodeBundle } from './bundle/bundle.js';
import { preAuthEncoding } from './bundle/pae.js';
import { keyHint } from './key-hint.js';
import type { SigstoreSigning } from './sigstore/types.js';
import { parseAnyStatement } from './statement/statement.js';

/** How to sign: with a key, with one that a certificate is of, or as whom an identity provider knows. */
export type Signing =
  | { readonly signer: Signer }
  /** DER, the signer's own certificate first; roots need not be among them. */
  | { readonly signer: Signer; readonly certificates: readonly Uint8Array[] }
  | { readonly sigstore: SigstoreSigning };

export interface SignStatementOptions {
  /** Ends it early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Signs a statement. What comes of it is verified before it is given out.
 *
 * @param payload the statement in JSON, as `statementOf` makes it
 * @returns a Sigstore bundle in JSON, which is what a signature's file holds
 * @throws SIGNATURE_INVALID for what is no statement; SIGNING_KEY_UNFIT, CERTIFICATE_INVALID, CERTIFICATE_USAGE, CERTIFICATE_NOT_YET_VALID, KEY_RESPONSE_INVALID, ABORTED, INVALID_ARGUMENT, what the signer throws;
 * for Sigstore PROVIDER_MISSING, KEY_DENIED, KEY_UNAVAILABLE
 */
export async function signStatement(
  payload: Uint8Array,
  how: Signing,
  options: SignStatementOptions = {},
): Promise<Uint8Array> {
  const { signal } = checkOptions(options, { signal: 'signal' }, 'Signing a statement');
  checkOptions(how, { signer: 'object', certificates: 'list', sigstore: 'object' }, 'Signing a statement');
  throwIfAborted(signal);
  parseAnyStatement(payload);
  if ('sigstore' in how) {
    const { signBySigstore } = await import('./sigstore/sign.js');
    return signBySigstore(payload, how.sigstore, signal);
  }
  if (!how.signer) throw new WeightsealError('INVALID_ARGUMENT', 'Signing needs a signer, or sigstore.');
  const { signer } = how;
  const publicKey = await signer.publicKey({ signal });
  signingAlgorithmOf(publicKey);
  const certificates = 'certificates' in how ? how.certificates : undefined;
  if (certificates) {
    const { checkOwnCertificates } = await import('./certificates/own.js');
    await checkOwnCertificates(certificates, publicKey);
  }
  const signed = preAuthEncoding(payload);
  const signature = await signer.sign(signed, { signal });
  throwIfAborted(signal);
  // A signer is somebody else's, and a wrong signature is found here rather than where the model is to be opened.
  if (!verifySignature(publicKey, signed, signature))
    throw new WeightsealError(
      'KEY_RESPONSE_INVALID',
      `What ${signer.uri} gave is no signature of its key. Check which key answers.`,
    );
  const material = certificates
    ? ({ kind: 'certificates', certificates } as const)
    : ({ kind: 'key', hint: keyHint(publicKey) } as const);
  return encodeBundle({ payload, signature }, material);
}
