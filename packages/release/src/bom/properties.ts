import type { ManifestFile, ReadManifest, Recipient } from '@weightseal/core';
import type { SignedBy } from '../signers.js';

// What CycloneDX has no member for, as names and values: docs/bom.md. Pure.

export type Properties = readonly (readonly [name: string, value: string])[];

/** What is known of the signature of a release: whose it is, or that nobody has asked, or that there is none. */
export type Signature = SignedBy | 'not verified' | 'none';

export function propertiesOfRelease({ manifest, digest }: ReadManifest): Properties {
  const { kind, id, context, previous, tool } = manifest;
  return [
    ['weightseal:release:kind', kind],
    ['weightseal:release:id', Buffer.from(id).toString('hex')],
    ['weightseal:release:manifest:sha256', digest],
    ...(previous === undefined ? [] : [['weightseal:release:previous:sha256', previous] as const]),
    ['weightseal:release:tool', tool],
    ...Object.entries(context).map(([name, value]) => [`weightseal:context:${name}`, value] as const),
  ];
}

/** Who can open it. The wraps are left out: they are of use to nobody but who opens it. */
export function propertiesOfRecipients(recipients: readonly Recipient[]): Properties {
  return recipients.map(({ provider, keyUri }) => [`weightseal:recipient:${provider}`, keyUri]);
}

/** Of weightseal's member table `kind` says sealed too: it is encrypted as payloads are. */
export function propertiesOfFile({ size, public: open }: ManifestFile): Properties {
  return [
    ['weightseal:file:kind', open ? 'public' : 'sealed'],
    ['weightseal:file:size', String(size)],
  ];
}

/**
 * Properties, since no member of CycloneDX says just this: an author, a supplier, a publisher and a manufacturer are people and organisations who did something else than to hold a key, an
 * attestation is to a standard, and `signature` would be one of the document itself.
 */
export function propertiesOfSignature(signature: Signature): Properties {
  if (typeof signature === 'string') return [['weightseal:signature', signature]];
  return [['weightseal:signature', 'verified'], ...propertiesOfSigner(signature)];
}

function propertiesOfSigner(signedBy: SignedBy): Properties {
  const { kind } = signedBy;
  if (kind === 'key') return [['weightseal:signer:key:sha256', signedBy.fingerprint]];
  if (kind === 'sigstore')
    return [
      ['weightseal:signer:sigstore:identity', signedBy.identity],
      ['weightseal:signer:sigstore:issuer', signedBy.issuer],
    ];
  return [
    ['weightseal:signer:certificate:sha256', signedBy.fingerprint],
    ['weightseal:signer:certificate:subject', signedBy.subject],
    ...signedBy.identities.map((name) => ['weightseal:signer:certificate:identity', name] as const),
  ];
}
