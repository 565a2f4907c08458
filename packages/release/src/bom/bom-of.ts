import {
  type BundleGiven,
  checkOptions,
  openReleased,
  type ReadManifest,
  type Released,
  readManifest,
  SIGNATURE_NAME,
  throwIfAborted,
} from '@weightseal/core';
import { MAX_SIGNATURE, verifySigned } from '../release/verify-release.js';
import type { TrustedSigner } from '../signers.js';
import { documentOf } from './document.js';
import { cycloneDx } from './library.js';
import type { Signature } from './properties.js';
import { checkSerialNumber, serialNumberOf } from './serial-number.js';

export interface BomOptions {
  /** Of one of whom the signature must be; not verified unless told, and the document says so. */
  readonly signers?: readonly TrustedSigner[] | undefined;
  /** Whether the document says who can open it, by provider and key URI, as the envelope does; the default is true. */
  readonly recipients?: boolean | undefined;
  /** `urn:uuid:…`; of the manifest's digest unless told. */
  readonly serialNumber?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const KINDS = { signers: 'list', recipients: 'boolean', serialNumber: 'string', signal: 'signal' } as const;

/**
 * A bill of materials of a sealed bundle, or of a sealed file with a manifest: CycloneDX 1.6, in JSON, by its manifest, its envelope and its signature. No payload is read, and no key that opens it is needed. The bytes are the same for the same release, recipients, signer and version of weightseal.
 *
 * @throws MANIFEST_MISSING, MANIFEST_INVALID, MANIFEST_MISMATCH, PROVIDER_MISSING, INVALID_ARGUMENT, ABORTED; with `signers` SIGNATURE_MISSING, SIGNATURE_MISMATCH and what `verifyStatement` throws; and what the place throws
 */
export async function bomOf(sealed: BundleGiven, options: BomOptions = {}): Promise<string> {
  const {
    signers,
    recipients = true,
    serialNumber,
    signal,
  } = checkOptions(options, KINDS, 'A bill of materials');
  if (serialNumber !== undefined) checkSerialNumber(serialNumber);
  throwIfAborted(signal);
  await using release = await openReleased(sealed, { signal });
  const read = await readManifest(release, { signal });
  const signature = await signatureOf(release, read, signers, signal);
  const parts = {
    read,
    signature,
    recipients: recipients ? release.recipients : [],
    // A rewrap changes who can open it, and counts up: the document of the same number is a newer one then.
    version: release.generation,
    serialNumber: serialNumber ?? serialNumberOf(read.digest),
  };
  const library = await cycloneDx();
  throwIfAborted(signal);
  return documentOf(parts, library);
}

async function signatureOf(
  release: Released,
  read: ReadManifest,
  signers: readonly TrustedSigner[] | undefined,
  signal: AbortSignal | undefined,
): Promise<Signature> {
  if (signers) return (await verifySigned(release, read, signers, signal)).signedBy;
  return (await release.read(SIGNATURE_NAME, MAX_SIGNATURE, signal)) ? 'not verified' : 'none';
}
