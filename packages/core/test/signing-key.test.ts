import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isWeightsealError, signingAlgorithmOf, verifySignature } from '@weightseal/core';
import { describe, expect, it } from 'vitest';

const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'der' });
const MESSAGE = Buffer.from('a model');

const SOUND = [
  ['ECDSA-P256-SHA256', 'sha256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['ECDSA-P384-SHA384', 'sha384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['ECDSA-P521-SHA512', 'sha512', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
  ['Ed25519', null, generateKeyPairSync('ed25519')],
  ['RSA-PKCS1-SHA256', 'sha256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
] as const;

describe.each(SOUND)('a key that signs by %s', (algorithm, hash, { publicKey, privateKey }) => {
  const signature = sign(hash, MESSAGE, privateKey);

  it('is known as such, and its signature is good', () => {
    expect(signingAlgorithmOf(spki(publicKey))).toBe(algorithm);
    expect(verifySignature(spki(publicKey), MESSAGE, signature)).toBe(true);
  });

  it('made none of other bytes, none that was changed at any byte, and none that is none', () => {
    expect(verifySignature(spki(publicKey), Buffer.from('a modeL'), signature)).toBe(false);
    for (let at = 0; at < signature.length; at++) {
      const changed = Buffer.from(signature);
      changed[at]! ^= 1;
      expect(verifySignature(spki(publicKey), MESSAGE, changed)).toBe(false);
    }
    for (const none of [new Uint8Array(), new Uint8Array(64), Buffer.concat([signature, signature])])
      expect(verifySignature(spki(publicKey), MESSAGE, none)).toBe(false);
  });

  it('made none for another key', () => {
    for (const [, , other] of SOUND)
      if (other.publicKey !== publicKey)
        expect(verifySignature(spki(other.publicKey), MESSAGE, signature)).toBe(false);
  });
});

it.each([
  ['RSA of 1024 bits', spki(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey), '1024'],
  ['secp256k1', spki(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey), 'secp256k1'],
  ['P-192', spki(generateKeyPairSync('ec', { namedCurve: 'prime192v1' }).publicKey), 'prime192v1'],
  ['X25519', spki(generateKeyPairSync('x25519').publicKey), 'x25519'],
  ['RSA-PSS', spki(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey), 'rsa-pss'],
  ['no key', new Uint8Array(40), 'SubjectPublicKeyInfo'],
])('%s signs nothing here', (_, key, said) => {
  for (const attempt of [() => signingAlgorithmOf(key), () => verifySignature(key, MESSAGE, MESSAGE)]) {
    try {
      attempt();
      expect.unreachable();
    } catch (error) {
      expect(isWeightsealError(error) && [error.code, error.message]).toEqual([
        'SIGNING_KEY_UNFIT',
        expect.stringContaining(said),
      ]);
    }
  }
});
