import { createPublicKey } from 'node:crypto';
import { crc32c, type FoundKey, type SigningAlgorithm, type ToSign, WeightsealError } from '@weightseal/core';
import type { Ask } from './ask.js';
import { isBytes, strange } from './data-key-calls.js';
import { hasChecksum } from './int64.js';
import { isVersionOf, type KeyName, versionNumber } from './key-name.js';

/**
 * CryptoKeyVersionAlgorithm, and how that signs here. Those of a digest that is not SHA-256 for RSA, of PSS, of raw data, of secp256k1 and of Ed25519, which takes
 * whole messages, are missing.
 */
const ALGORITHMS: ReadonlyMap<unknown, SigningAlgorithm> = new Map<unknown, SigningAlgorithm>([
  ['EC_SIGN_P256_SHA256', 'ECDSA-P256-SHA256'],
  ['EC_SIGN_P384_SHA384', 'ECDSA-P384-SHA384'],
  ['RSA_SIGN_PKCS1_2048_SHA256', 'RSA-PKCS1-SHA256'],
  ['RSA_SIGN_PKCS1_3072_SHA256', 'RSA-PKCS1-SHA256'],
  ['RSA_SIGN_PKCS1_4096_SHA256', 'RSA-PKCS1-SHA256'],
]);

/** A key that signs, with the version, which has the public key: there is no primary one. */
export type VersionName = KeyName & { readonly pinned: string };

/** @throws SIGNING_KEY_UNFIT, KEY_RESPONSE_INVALID, and what errors.ts makes of what the SDK throws */
export async function findVersion(
  ask: Ask,
  name: VersionName,
  stop: AbortSignal,
): Promise<FoundKey<SigningAlgorithm>> {
  const {
    pem,
    pemCrc32c,
    algorithm,
    name: answered,
  } = await ask('getPublicKey', { name: name.pinned }, stop);
  checkVersion(answered, name);
  if (typeof pem !== 'string' || !hasChecksum(Buffer.from(pem), pemCrc32c))
    throw strange('gave a public key without its CRC32C checksum', name);
  const version = ALGORITHMS.get(algorithm);
  if (version === undefined) throw unfit(name, algorithm);
  return { publicKey: derOf(pem, name), version };
}

/**
 * Signs the digest, and holds the answer against every checksum and name in it.
 *
 * @throws KEY_RESPONSE_INVALID, and what errors.ts makes of what the SDK throws
 */
export async function signDigest(
  ask: Ask,
  name: VersionName,
  told: SigningAlgorithm,
  { algorithm, digest }: ToSign,
  stop: AbortSignal,
): Promise<Uint8Array> {
  if (algorithm !== told) throw strange('gave a public key of another kind than it said', name);
  const hash = algorithm === 'ECDSA-P384-SHA384' ? 'sha384' : 'sha256';
  const answer = await ask(
    'asymmetricSign',
    { name: name.pinned, digest: { [hash]: digest }, digestCrc32c: { value: crc32c(digest) } },
    stop,
  );
  const { signature } = answer;
  checkVersion(answer.name, name);
  if (answer.verifiedDigestCrc32c !== true)
    throw strange('did not verify the CRC32C checksum of the digest', name);
  if (!isBytes(signature) || !hasChecksum(signature, answer.signatureCrc32c))
    throw strange('gave a signature without its CRC32C checksum', name);
  return signature;
}

/** Project IDs and numbers stand for one another, so it is the key and the number of the version that count. */
function checkVersion(answered: unknown, name: VersionName): void {
  if (isVersionOf(answered, name) && versionNumber(answered) === versionNumber(name.pinned)) return;
  throw strange('did not say that it used the version that was asked', name);
}

function derOf(pem: string, name: VersionName): Uint8Array {
  try {
    return createPublicKey({ key: pem, format: 'pem' }).export({ format: 'der', type: 'spki' });
  } catch {
    throw strange('gave no public key', name);
  }
}

function unfit({ pinned }: VersionName, algorithm: unknown): WeightsealError {
  const told = typeof algorithm === 'string' && /^[A-Z0-9_]{1,64}$/.test(algorithm) ? algorithm : 'unknown';
  return new WeightsealError(
    'SIGNING_KEY_UNFIT',
    `${pinned} cannot sign here: its algorithm is ${told}. Make a key with one of ${[...ALGORITHMS.keys()].join(', ')} (gcloud kms keys create --purpose asymmetric-signing --default-algorithm ec-sign-p256-sha256).`,
  );
}
