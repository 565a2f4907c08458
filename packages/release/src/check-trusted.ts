import { checkOptions, filePath, ownBytes, WeightsealError } from '@weightseal/core';
import type { TrustedSigner } from './signers.js';

/** What callers without types get wrong: a signer that is none would be passed over, and nobody told. @throws INVALID_ARGUMENT */
export function checkTrusted(trusted: readonly TrustedSigner[]): void {
  if (!Array.isArray(trusted)) throw argument('The trusted signers must be an array.');
  for (const signer of trusted as readonly TrustedSigner[]) checkSigner(signer);
}

function checkSigner(signer: TrustedSigner): void {
  const whose = 'A trusted signer';
  checkOptions(signer, { key: 'any', certificate: 'object', sigstore: 'object' }, whose);
  if (Object.keys(signer).length !== 1) throw argument(`${whose} has one of key, certificate and sigstore.`);
  if ('key' in signer) checkBytes(signer.key, 'The key of a trusted signer');
  else if ('certificate' in signer) {
    const { roots } = checkOptions(signer.certificate, { roots: 'list', identity: 'string' }, whose);
    if (roots === undefined || roots.length === 0)
      throw argument(`${whose} by certificate needs roots: the certificates that its own leads to.`);
    for (const root of roots) checkBytes(root, 'A root of a trusted signer');
  } else {
    const known = { identity: 'string', issuer: 'string', trustedRoot: 'any' } as const;
    const { identity, issuer, trustedRoot: root } = checkOptions(signer.sigstore, known, whose);
    if (root !== undefined && typeof filePath(root) !== 'string')
      checkBytes(root, 'The trusted root, where it is no path,');
    if (!identity || !issuer) throw argument(`${whose} of Sigstore needs an identity and its issuer.`);
  }
}

function checkBytes(value: unknown, what: string): void {
  if (ownBytes(value) === undefined) throw argument(`${what} must be bytes: DER, in a Uint8Array.`);
}

function argument(message: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', message);
}
