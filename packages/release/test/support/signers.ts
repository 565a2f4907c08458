import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { hashOf, type Signer, signingAlgorithmOf } from '@weightseal/core';

export interface TestSigner extends Signer {
  readonly spki: Uint8Array;
  readonly privateKey: KeyObject;
}

/** A key of node:crypto as a signer. */
export function signerOf({
  publicKey,
  privateKey,
}: {
  publicKey: KeyObject;
  privateKey: KeyObject;
}): TestSigner {
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  return {
    provider: 'test',
    uri: 'test:key',
    spki,
    privateKey,
    publicKey: async () => spki,
    sign: async (message) => sign(hashOf(signingAlgorithmOf(spki)) ?? null, message, privateKey),
  };
}

export const KINDS: readonly [string, () => TestSigner][] = [
  ['P-256', () => signerOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }))],
  ['P-384', () => signerOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }))],
  ['P-521', () => signerOf(generateKeyPairSync('ec', { namedCurve: 'P-521' }))],
  ['Ed25519', () => signerOf(generateKeyPairSync('ed25519'))],
  ['RSA', () => signerOf(generateKeyPairSync('rsa', { modulusLength: 2048 }))],
];

export const newSigner = (): TestSigner => KINDS[0]![1]();
