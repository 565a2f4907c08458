import {
  type BundleGiven,
  openReleased,
  type ReadManifest,
  readManifest,
  SIGNATURE_NAME,
  type UnopenedRelease,
  WeightsealError,
} from '@weightseal/core';
import type { SignedBy, TrustedSigner } from '../signers.js';
import { MODEL_PREDICATE, type ModelStatement } from '../statement/model.js';
import { checkContents } from '../trust/contents.js';
import { verifyStatement } from '../verify.js';

/** The most bytes that one may have: of about 300,000 files, with all that Sigstore may prove. */
export const MAX_SIGNATURE = 67_108_864;

/** A release, and who has signed it. */
export interface VerifiedRelease extends Pick<ReadManifest, 'manifest' | 'digest'> {
  readonly signedBy: SignedBy;
}

/**
 * Says who has signed a sealed bundle or file, with no key: its manifest is of this envelope, and the signature of this manifest and of one of the signers. That all files are those of the manifest `verifyManifest` says; whoever opens it sees that too, of a bundle.
 *
 * @throws MANIFEST_MISSING, MANIFEST_INVALID, MANIFEST_MISMATCH, SIGNATURE_MISSING, SIGNATURE_MISMATCH, what `verifyStatement` throws, and what the place throws
 */
export async function verifyRelease(
  sealed: BundleGiven,
  signers: readonly TrustedSigner[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<VerifiedRelease> {
  const { signal } = options;
  await using release = await openReleased(sealed, { signal });
  const read = await readManifest(release, { signal });
  return await verifySigned(release, read, signers, signal);
}

/** The same of one whose manifest has been read. */
export async function verifySigned(
  release: UnopenedRelease,
  read: ReadManifest,
  signers: readonly TrustedSigner[],
  signal: AbortSignal | undefined,
): Promise<VerifiedRelease> {
  const signature = await release.read(SIGNATURE_NAME, MAX_SIGNATURE, signal);
  if (!signature)
    throw new WeightsealError(
      'SIGNATURE_MISSING',
      `${release.name} has no signature (${SIGNATURE_NAME}; beside a file under its own name). Get it from where it was released, or have it signed (\`weightseal sign\`).`,
    );
  const { statement, signedBy } = await verifyStatement(signature, signers, {
    predicateType: MODEL_PREDICATE,
    signal,
  });
  checkContents(statement as ModelStatement, read);
  const { manifest, digest } = read;
  return { manifest, digest, signedBy };
}
