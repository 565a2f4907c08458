import { isWeightsealError, shown, WeightsealError } from '@weightseal/core';
import type { ParsedBundle } from '../bundle/bundle.js';
import { certificateReader } from '../certificates/certificate.js';
import type { SignedBy, TrustedIdentity } from '../signers.js';
import { load } from './libraries.js';
import { refusal } from './refusal.js';
import { trustMaterial } from './trusted-root.js';

/**
 * Who has signed by Sigstore: its own library verifies the certificate at the time that a log or a time stamp proves, that the certificate and the signature are in logs, and the signature. The identity is compared
 * here, since the library takes it for a pattern.
 *
 * @returns with it why each of the trusted is not the one, where none is
 * @throws PROVIDER_MISSING, ABORTED
 */
export async function signerBySigstore(
  { document, payload }: ParsedBundle,
  certificate: Uint8Array,
  trusted: readonly TrustedIdentity[],
  signal: AbortSignal | undefined,
): Promise<SignedBy | readonly WeightsealError[]> {
  const { bundleFromJSON } = await load(() => import('@sigstore/bundle'));
  const { toSignedEntity, Verifier } = await load(() => import('@sigstore/verify'));
  const read = await certificateReader();
  const failures: WeightsealError[] = [];
  for (const { identity, issuer, trustedRoot } of trusted) {
    try {
      const material = await trustMaterial(trustedRoot, signal);
      const found = attempt(() => {
        const bundle = bundleFromJSON(document);
        const entity = toSignedEntity(bundle);
        return { entity, signed: new Verifier(material).verify(entity) };
      });
      const { subjectAlternativeName, extensions } = found.signed.identity ?? {};
      // Read by two parsers, so that neither can be made to see another name.
      const names = read(certificate).alternativeNames ?? [];
      if (subjectAlternativeName !== identity || names.length !== 1 || names[0] !== identity)
        throw stranger('identity', subjectAlternativeName, identity);
      if (extensions?.issuer !== issuer) throw stranger('issuer', extensions?.issuer, issuer);
      checkPayload(document, payload);
      return { kind: 'sigstore', identity, issuer };
    } catch (error) {
      if (!isWeightsealError(error) || error.class !== 'trust') throw error;
      failures.push(error);
    }
  }
  return failures;
}

function attempt<T>(verify: () => T): T {
  try {
    return verify();
  } catch (error) {
    throw refusal(error);
  }
}

/** The library has verified what stands in the document; what is given out is what was parsed here. */
function checkPayload(document: unknown, payload: Uint8Array): void {
  const { dsseEnvelope } = document as { readonly dsseEnvelope: { readonly payload: string } };
  if (Buffer.compare(Buffer.from(dsseEnvelope.payload, 'base64'), payload) !== 0)
    throw new WeightsealError('INTERNAL', 'The payload that was verified is another one.');
}

function stranger(what: string, found: string | undefined, trusted: string): WeightsealError {
  return new WeightsealError(
    'SIGNER_UNTRUSTED',
    `It was signed by the ${what} ${shown(found ?? '')}, and trusted is ${shown(trusted)}. Check who released it; trust that one if that is right.`,
  );
}
