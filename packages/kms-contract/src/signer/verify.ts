import assert from 'node:assert/strict';
import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** By OpenSSL's names, and not by core's table, which is a part of what is tested. */
const HASHES: Readonly<Record<string, string>> = {
  prime256v1: 'sha256',
  secp384r1: 'sha384',
  secp521r1: 'sha512',
};
const LEAST_RSA_BITS = 2048;

/** The key of a signer, and the hash that it signs; null for Ed25519. Fails for a key that signs nothing here. */
export function knownKey(publicKey: Uint8Array): { key: KeyObject; hash: string | null } {
  assert.ok(publicKey instanceof Uint8Array, 'the public key is not a Uint8Array');
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return { key, hash: null };
    case 'ec':
      assert.ok(HASHES[namedCurve] !== undefined, `the key is of the curve ${namedCurve}`);
      return { key, hash: HASHES[namedCurve] };
    case 'rsa':
      assert.ok(modulusLength >= LEAST_RSA_BITS, `the key is RSA of ${modulusLength} bits`);
      return { key, hash: 'sha256' };
    default:
      assert.fail(`the key is of the kind ${key.asymmetricKeyType}`);
  }
}

/** Whether OpenSSL takes the signature. */
export function holds(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const { key, hash } = knownKey(publicKey);
  try {
    return verify(hash, message, key, signature);
  } catch {
    return false;
  }
}
