import { createPublicKey } from 'node:crypto';
import { type FoundKey, type ToSign, WeightsealError } from '@weightseal/core';
import { dataOf } from './answer.js';
import { type Asking, ask } from './ask.js';
import { invalidAnswer } from './errors.js';
import { factsIn } from './key-facts.js';
import type { KeyName } from './key-name.js';

/** How Transit calls the hash that each type of key signs here. Of Ed25519 it wants the whole message. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['ecdsa-p256', 'sha2-256'],
  ['ecdsa-p384', 'sha2-384'],
  ['ecdsa-p521', 'sha2-512'],
  ['rsa-2048', 'sha2-256'],
  ['rsa-3072', 'sha2-256'],
  ['rsa-4096', 'sha2-256'],
]);
/** Longer than a signature of RSA-8192. */
const MAX_SIGNATURE_LENGTH = 2048;
const signatureForm = /^vault:v([1-9][0-9]{0,8}):([A-Za-z0-9+/]+={0,2})$/;

/** One version of a key that signs. */
export interface SigningVersion {
  readonly number: number;
  readonly hash: string;
}

/** The latest version of the key. @throws SIGNING_KEY_UNFIT, KEY_RESPONSE_INVALID */
export async function findVersion(asking: Asking): Promise<FoundKey<SigningVersion>> {
  const { key } = asking;
  const data = dataOf(await ask(asking, 'read the key'), key);
  const { latestVersion, type } = factsIn(data, key);
  const hash = HASHES.get(type);
  if (hash === undefined) throw unfit(key, type);
  const versions = data['keys'] as Readonly<Record<string, { public_key?: unknown } | null>> | undefined;
  const pem = versions?.[latestVersion]?.public_key;
  return { publicKey: derOf(pem, key), version: { number: latestVersion, hash } };
}

/** Signs the digest with that version and no other. @throws KEY_RESPONSE_INVALID, and what ask() throws */
export async function signDigest(
  asking: Asking,
  { number, hash }: SigningVersion,
  { digest }: ToSign,
): Promise<Uint8Array> {
  const { key } = asking;
  const body = {
    input: Buffer.from(digest).toString('base64'),
    prehashed: true,
    hash_algorithm: hash,
    key_version: number,
    // Of ECDSA, DER; of RSA, what is not PSS.
    marshaling_algorithm: 'asn1',
    signature_algorithm: 'pkcs1v15',
  };
  const { signature } = dataOf(await ask(asking, 'sign', Buffer.from(JSON.stringify(body))), key);
  const told = typeof signature === 'string' && signature.length <= MAX_SIGNATURE_LENGTH ? signature : '';
  const [, version, base64 = ''] = signatureForm.exec(told) ?? [];
  if (version === undefined) throw invalidAnswer(key, 'the answer holds no signature of Transit');
  if (version !== String(number))
    throw invalidAnswer(key, 'another version signed than the one that was asked');
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}

function derOf(pem: unknown, key: KeyName): Uint8Array {
  try {
    if (typeof pem === 'string' && pem.startsWith('-----BEGIN PUBLIC KEY-----'))
      return createPublicKey({ key: pem, format: 'pem' }).export({ format: 'der', type: 'spki' });
  } catch {
    // Said below, without the parser's words.
  }
  throw invalidAnswer(key, 'the answer holds no public key');
}

function unfit({ uri, mount, name }: KeyName, type: string): WeightsealError {
  const why =
    type === 'ed25519'
      ? 'of Ed25519 Transit takes whole messages only, and what is signed stays here but for its digest'
      : `keys of type ${type} do not sign`;
  return new WeightsealError(
    'SIGNING_KEY_UNFIT',
    `${uri} cannot sign here: ${why}. Make one for it: \`vault write ${mount}/keys/${name}-signing type=ecdsa-p256\`.`,
  );
}
