import { checkOptions, throwIfAborted, verifySignature, WeightsealError } from '@weightseal/core';
import { type ParsedBundle, parseBundle } from './bundle/bundle.js';
import { preAuthEncoding } from './bundle/pae.js';
import { checkTrusted } from './check-trusted.js';
import { keyHint, sha256Hex } from './key-hint.js';
import type { SignedBy, TrustedSigner } from './signers.js';
import { invalid } from './statement/invalid.js';
import { asModelStatement, MODEL_PREDICATE } from './statement/model.js';
import { parseAnyStatement, type Statement } from './statement/statement.js';

export interface VerifyStatementOptions {
  /** What the statement must be about: `MODEL_PREDICATE` for the files of a model. */
  readonly predicateType: string;
  /** Ends it early. */
  readonly signal?: AbortSignal | undefined;
}

export interface VerifiedStatement {
  readonly statement: Statement;
  readonly signedBy: SignedBy;
  /** The bytes that were signed: the statement in JSON. */
  readonly payload: Uint8Array;
}

/**
 * Reads a signature, and says who of the trusted has made it. Nothing of the statement is looked at before the signature is known to be good; then it is parsed, one about a model with all that it says of files.
 *
 * @param bundle a Sigstore bundle in JSON
 * @throws SIGNATURE_INVALID, SIGNATURE_REJECTED, SIGNER_UNTRUSTED, SIGNING_KEY_UNFIT, CERTIFICATE_INVALID, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_USAGE, CERTIFICATE_UNTRUSTED, ABORTED,
 * INVALID_ARGUMENT; and for Sigstore PROVIDER_MISSING, KEY_UNAVAILABLE, INPUT_NOT_FOUND, CONFIG_INVALID
 */
export async function verifyStatement(
  bundle: Uint8Array,
  trusted: readonly TrustedSigner[],
  options: VerifyStatementOptions,
): Promise<VerifiedStatement> {
  checkOptions(options, { predicateType: 'string', signal: 'signal' }, 'Verifying a statement');
  checkTrusted(trusted);
  const { predicateType, signal } = options;
  throwIfAborted(signal);
  const parsed = parseBundle(bundle);
  const found = await signerOf(parsed, trusted, signal);
  if (Array.isArray(found)) throw refusalOf(parsed, found);
  throwIfAborted(signal);
  const statement = parseAnyStatement(parsed.payload);
  if (statement.predicateType !== predicateType)
    throw invalid(`The signature is good, and the statement is about something else than ${predicateType}`);
  return {
    statement: predicateType === MODEL_PREDICATE ? asModelStatement(statement) : statement,
    signedBy: found as SignedBy,
    payload: parsed.payload,
  };
}

/** Who of the trusted it was, or why each of them was not. */
async function signerOf(
  parsed: ParsedBundle,
  trusted: readonly TrustedSigner[],
  signal: AbortSignal | undefined,
): Promise<SignedBy | readonly WeightsealError[]> {
  const { material, payload, signature } = parsed;
  if (material.kind === 'key') {
    const keys = trusted.flatMap((one) => ('key' in one ? [one.key] : []));
    return signerByKey(preAuthEncoding(payload), signature, material.hint, keys);
  }
  if (material.kind === 'certificates') {
    const { signerByCertificate } = await import('./certificates/verify.js');
    const authorities = trusted.flatMap((one) => ('certificate' in one ? [one.certificate] : []));
    const { certificates } = material;
    return signerByCertificate({ signed: preAuthEncoding(payload), signature, certificates }, authorities);
  }
  const identities = trusted.flatMap((one) => ('sigstore' in one ? [one.sigstore] : []));
  if (identities.length === 0) return [];
  const { signerBySigstore } = await import('./sigstore/verify.js');
  return signerBySigstore(parsed, material.certificate, identities, signal);
}

function signerByKey(
  signed: Uint8Array,
  signature: Uint8Array,
  hint: string,
  keys: readonly Uint8Array[],
): SignedBy | readonly WeightsealError[] {
  const key = keys.find((one) => keyHint(one) === hint);
  if (!key) return [];
  const fingerprint = sha256Hex(key);
  if (verifySignature(key, signed, signature)) return { kind: 'key', fingerprint };
  throw new WeightsealError(
    'SIGNATURE_REJECTED',
    `The key ${fingerprint} did not make this signature of these bytes. Do not use what was signed; get it again from where it is released.`,
  );
}

function refusalOf({ material }: ParsedBundle, failures: readonly WeightsealError[]): WeightsealError {
  const [first] = failures;
  if (first && failures.length === 1) return first;
  const whose =
    material.kind === 'key'
      ? `the key that is called ${JSON.stringify(material.hint.slice(0, 64))} (SHA-256 of its PEM)`
      : material.kind === 'certificates'
        ? 'a certificate'
        : 'an identity of Sigstore';
  const why = failures.map(({ code, message }) => ` ${code}: ${message}`).join('');
  // Where all say the same, that is what it is.
  const code = first && failures.every((one) => one.code === first.code) ? first.code : 'SIGNER_UNTRUSTED';
  return new WeightsealError(
    code,
    `It was signed by ${whose}, and that is none of the signers that are trusted. Check who released it; trust that signer if that is right.${why}`,
    { failures },
  );
}
