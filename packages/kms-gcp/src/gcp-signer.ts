import {
  checkedDeadline,
  checkOptions,
  type ErrorCode,
  makeSigner,
  type Signer,
  type SigningAlgorithm,
  WeightsealError,
} from '@weightseal/core';
import { asking } from './ask.js';
import { lazyClient } from './connection.js';
import { type GcpKeyOptions, OPTIONS, URI_OPTIONS, type UriOptions } from './gcp-key.js';
import { type KeyName, keyName, PROVIDER, parseKeyUri, uriOf } from './key-name.js';
import { findVersion, signDigest, type VersionName } from './signing-calls.js';

/** As for a key that wraps; `name` ends with `/cryptoKeyVersions/<v>`, of a key whose purpose is ASYMMETRIC_SIGN. */
export type GcpSignerOptions = GcpKeyOptions;

/**
 * A version of an asymmetric key of Google Cloud KMS that signs: ECDSA by P-256 or P-384, or RSA by PKCS#1 v1.5 with SHA-256. Only digests leave this machine.
 *
 * @throws INVALID_ARGUMENT for what names no version of a key
 */
export function createGcpSigner(options: GcpSignerOptions): Signer {
  checkOptions(options, OPTIONS, 'A signer of Cloud KMS');
  return gcpSigner(withVersion(keyName(options.name, 'INVALID_ARGUMENT'), 'INVALID_ARGUMENT'), options);
}

/**
 * The signer of `gcp-kms://projects/<p>/locations/<l>/keyRings/<r>/cryptoKeys/<k>/cryptoKeyVersions/<v>`.
 *
 * @throws KEY_URI_INVALID, INVALID_ARGUMENT
 */
export function gcpSignerFromUri(uri: string, options: UriOptions = {}): Signer {
  checkOptions(options, URI_OPTIONS, 'A signer of gcp-kms:');
  return gcpSigner(withVersion(parseKeyUri(uri), 'KEY_URI_INVALID'), options);
}

function gcpSigner(name: VersionName, options: UriOptions): Signer {
  const deadlineMs = checkedDeadline(options.deadlineMs);
  const ask = asking(name, lazyClient(options), deadlineMs);
  return makeSigner<SigningAlgorithm>({
    provider: PROVIDER,
    uri: uriOf(name),
    limits: (call, doing) => ({
      signal: call?.signal,
      deadlineMs,
      doing: `${doing} the Cloud KMS key ${name.pinned}`,
    }),
    find: (stop) => findVersion(ask, name, stop),
    sign: (told, toSign, stop) => signDigest(ask, name, told, toSign, stop),
  });
}

function withVersion(name: KeyName, code: ErrorCode): VersionName {
  const { pinned } = name;
  if (pinned !== undefined) return { ...name, pinned };
  throw new WeightsealError(
    code,
    'A signer of Cloud KMS is named with its version, as …/cryptoKeys/<key>/cryptoKeyVersions/<version>: an asymmetric key has no primary one.',
  );
}
