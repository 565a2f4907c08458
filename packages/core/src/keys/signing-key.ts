import type { KeyObject } from 'node:crypto';
import { createPublicKey, verify } from '../common/crypto.js';
import { WeightsealError } from '../errors.js';

/**
 * How a key signs: the one way for each kind of key. An ECDSA signature is DER (RFC 3279 §2.2.3), one of Ed25519 64 bytes, one of RSA as long as its modulus.
 */
export type SigningAlgorithm =
  | 'ECDSA-P256-SHA256'
  | 'ECDSA-P384-SHA384'
  | 'ECDSA-P521-SHA512'
  | 'Ed25519'
  | 'RSA-PKCS1-SHA256';

interface Way {
  /** Of the message; Ed25519 has its own. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | undefined;
}

const WAYS: Readonly<Record<SigningAlgorithm, Way>> = {
  'ECDSA-P256-SHA256': { hash: 'sha256' },
  'ECDSA-P384-SHA384': { hash: 'sha384' },
  'ECDSA-P521-SHA512': { hash: 'sha512' },
  Ed25519: { hash: undefined },
  'RSA-PKCS1-SHA256': { hash: 'sha256' },
};

/** As OpenSSL calls them. */
const CURVES: Readonly<Record<string, SigningAlgorithm>> = {
  prime256v1: 'ECDSA-P256-SHA256',
  secp384r1: 'ECDSA-P384-SHA384',
  secp521r1: 'ECDSA-P521-SHA512',
};
const LEAST_RSA_BITS = 2048;
/** More take seconds to verify. */
const MOST_RSA_BITS = 8192;

/**
 * How the key signs.
 *
 * @param publicKey DER of a SubjectPublicKeyInfo
 * @throws SIGNING_KEY_UNFIT for what is no such key, is too weak, or signs in no way that is known here
 */
export function signingAlgorithmOf(publicKey: Uint8Array): SigningAlgorithm {
  return algorithmOf(keyObject(publicKey));
}

/** The hash that is signed; undefined for Ed25519, which is given the message. */
export function hashOf(algorithm: SigningAlgorithm): Way['hash'] {
  return WAYS[algorithm].hash;
}

/**
 * Whether the key made this signature of these bytes.
 *
 * @param publicKey DER of a SubjectPublicKeyInfo
 * @param signature as `SigningAlgorithm` says
 * @throws SIGNING_KEY_UNFIT
 */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = keyObject(publicKey);
  try {
    return verify(hashOf(algorithmOf(key)) ?? null, message, key, signature);
  } catch (error) {
    if (error instanceof WeightsealError) throw error;
    // A signature that is none.
    return false;
  }
}

function keyObject(publicKey: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  } catch (cause) {
    throw unfit('is no public key that this system knows (SubjectPublicKeyInfo)', cause);
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): SigningAlgorithm {
  const { namedCurve = '', modulusLength = 0 } = asymmetricKeyDetails;
  if (asymmetricKeyType === 'ed25519') return 'Ed25519';
  if (asymmetricKeyType === 'ec') {
    if (Object.hasOwn(CURVES, namedCurve)) return CURVES[namedCurve]!;
    throw unfit(`is of the curve ${namedCurve || 'that has no name'}; use P-256, P-384 or P-521`);
  }
  if (asymmetricKeyType !== 'rsa')
    throw unfit(`is of the kind ${asymmetricKeyType}; use ECDSA, Ed25519 or RSA`);
  if (modulusLength >= LEAST_RSA_BITS && modulusLength <= MOST_RSA_BITS) return 'RSA-PKCS1-SHA256';
  throw unfit(`has ${modulusLength} bits; RSA has ${LEAST_RSA_BITS} to ${MOST_RSA_BITS} here`);
}

function unfit(why: string, cause?: unknown): WeightsealError {
  return new WeightsealError('SIGNING_KEY_UNFIT', `The key for signatures ${why}.`, { cause });
}
