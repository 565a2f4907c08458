import { createPublicKey, type webcrypto } from 'node:crypto';
import type { CryptographyClient, KeyVaultKey } from '@azure/keyvault-keys';
import {
  ecdsaDer,
  type FoundKey,
  ownBytes,
  type SigningAlgorithm,
  type ToSign,
  WeightsealError,
} from '@weightseal/core';
import { type Ask, answeredVersion, ask, invalidAnswer } from './ask.js';
import { enabledVersion } from './key-facts.js';
import type { KeyName } from './uri.js';

/** RFC 7518 §3.1. Neither service has keys of Ed25519. */
const ALGORITHMS = {
  'ECDSA-P256-SHA256': 'ES256',
  'ECDSA-P384-SHA384': 'ES384',
  'ECDSA-P521-SHA512': 'ES512',
  'RSA-PKCS1-SHA256': 'RS256',
} as const satisfies Readonly<Record<Exclude<SigningAlgorithm, 'Ed25519'>, string>>;

const CURVES: readonly unknown[] = ['P-256', 'P-384', 'P-521'];

/** A key as `getKey` gives it. @throws SIGNING_KEY_UNFIT, KEY_DISABLED, KEY_RESPONSE_INVALID */
export function signingKey(found: KeyVaultKey, key: KeyName): FoundKey<string> {
  const version = enabledVersion(found, key);
  const type = String(found.keyType).replace(/-HSM$/, '');
  const { crv, x, y, n, e } = found.key ?? {};
  if (found.keyOperations && !found.keyOperations.includes('sign'))
    throw unfit(key, 'its list of operations (key_ops) does not have sign');
  if (type === 'RSA') return { version, publicKey: derOf({ kty: 'RSA', n: text(n), e: text(e) }, key) };
  if (type !== 'EC') throw unfit(key, `it is of type ${/^[\w-]{1,32}$/.test(type) ? type : 'unknown'}`);
  if (!CURVES.includes(crv)) throw unfit(key, 'its curve is none of P-256, P-384 and P-521');
  return { version, publicKey: derOf({ kty: 'EC', crv: String(crv), x: text(x), y: text(y) }, key) };
}

/** Signs the digest with that version and no other. @throws KEY_RESPONSE_INVALID, and what ask() throws */
export async function signDigest(
  asking: Ask,
  client: CryptographyClient,
  version: string,
  { algorithm, digest }: ToSign,
): Promise<Uint8Array> {
  const { key } = asking;
  if (algorithm === 'Ed25519')
    throw invalidAnswer(key, 'the key is of a kind that the service does not have');
  const { answer, kid } = await ask(asking, 'sign', (options) =>
    client.sign(ALGORITHMS[algorithm], digest, options),
  );
  answeredVersion(kid, key, version);
  const signature = ownBytes(answer.result);
  if (!signature?.length) throw invalidAnswer(key, 'the answer holds no signature');
  return algorithm === 'RSA-PKCS1-SHA256' ? signature : ecdsaDer(signature);
}

function text(value: unknown): string {
  const bytes = ownBytes(value) ?? new Uint8Array();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
}

function derOf(key: webcrypto.JsonWebKey, name: KeyName): Uint8Array {
  try {
    return createPublicKey({ key: { ...key }, format: 'jwk' }).export({ format: 'der', type: 'spki' });
  } catch {
    throw invalidAnswer(name, 'the answer holds no public key');
  }
}

function unfit({ uri }: KeyName, why: string): WeightsealError {
  return new WeightsealError(
    'SIGNING_KEY_UNFIT',
    `${uri} cannot sign here: ${why}. Make a key for it: az keyvault key create --kty EC --curve P-256 --ops sign verify.`,
  );
}
