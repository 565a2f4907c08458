import {
  constants,
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  privateEncrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';

// The cryptography behind the fake: Node's own, with none of the code under test.

export type Material =
  | {
      readonly kty: 'RSA' | 'RSA-HSM';
      readonly bits: number;
      readonly publicKey: KeyObject;
      readonly privateKey: KeyObject;
    }
  | { readonly kty: 'oct-HSM'; readonly secret: Buffer }
  | { readonly kty: 'EC' };

export interface Request {
  readonly alg: string;
  readonly value: Buffer;
  readonly iv?: Buffer | undefined;
  readonly aad?: Buffer | undefined;
  readonly tag?: Buffer | undefined;
}

export interface Result {
  readonly value: Buffer;
  readonly iv?: Buffer;
  readonly tag?: Buffer;
  readonly aad?: Buffer;
}

export function rsa(bits = 2048, kty: 'RSA' | 'RSA-HSM' = 'RSA'): Material {
  return { kty, bits, ...generateKeyPairSync('rsa', { modulusLength: bits }) };
}

/** Hands out the same few keys in turn: RSA keys take long to make. */
export function rsaPool(size = 3): () => Material {
  const keys = Array.from({ length: size }, () => rsa());
  let next = 0;
  return () => keys[next++ % size]!;
}

export function aes(): Material {
  return { kty: 'oct-HSM', secret: randomBytes(32) };
}

const KW_IV = Buffer.alloc(8, 0xa6);
const oaep = (key: KeyObject) => ({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' });

/** Throws where the service answers 400. */
export function wrapOrEncrypt(
  material: Material,
  operation: 'wrapkey' | 'encrypt',
  request: Request,
): Result {
  const { alg, value } = request;
  if ('publicKey' in material && alg === 'RSA-OAEP-256') {
    return { value: publicEncrypt(oaep(material.publicKey), value) };
  }
  if ('secret' in material && alg === 'A256KW' && operation === 'wrapkey') {
    const cipher = createCipheriv('id-aes256-wrap', material.secret, KW_IV);
    return { value: Buffer.concat([cipher.update(value), cipher.final()]) };
  }
  if ('secret' in material && alg === 'A256GCM' && operation === 'encrypt') {
    if (request.iv !== undefined) throw new Error('The service makes the iv.');
    const iv = randomBytes(12);
    const aad = request.aad ?? Buffer.alloc(0);
    const cipher = createCipheriv('aes-256-gcm', material.secret, iv).setAAD(aad);
    const sealed = Buffer.concat([cipher.update(value), cipher.final()]);
    return { value: sealed, iv, tag: cipher.getAuthTag(), aad };
  }
  throw new Error(`${alg} is not for ${operation} with ${material.kty}.`);
}

/** What stands before a digest of SHA-256: RFC 8017 §9.2, note 1. */
const SHA_256 = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** RSASSA-PKCS1-v1_5 of a digest: the one signature that Node makes of what is hashed already. Throws where the service answers 400. */
export function signDigest(material: Material, { alg, value }: Request): Result {
  if (!('privateKey' in material) || alg !== 'RS256' || value.length !== 32)
    throw new Error(`${alg} is not for sign with ${material.kty}.`);
  const key = { key: material.privateKey, padding: constants.RSA_PKCS1_PADDING };
  return { value: privateEncrypt(key, Buffer.concat([SHA_256, value])) };
}

/** Throws where the service answers 400. */
export function unwrapOrDecrypt(
  material: Material,
  operation: 'unwrapkey' | 'decrypt',
  request: Request,
): Result {
  const { alg, value } = request;
  if ('privateKey' in material && alg === 'RSA-OAEP-256') {
    return { value: privateDecrypt(oaep(material.privateKey), value) };
  }
  if ('secret' in material && alg === 'A256KW' && operation === 'unwrapkey') {
    const decipher = createDecipheriv('id-aes256-wrap', material.secret, KW_IV);
    return { value: Buffer.concat([decipher.update(value), decipher.final()]) };
  }
  if ('secret' in material && alg === 'A256GCM' && operation === 'decrypt' && request.iv && request.tag) {
    const decipher = createDecipheriv('aes-256-gcm', material.secret, request.iv, { authTagLength: 16 });
    decipher.setAAD(request.aad ?? Buffer.alloc(0)).setAuthTag(request.tag);
    return { value: Buffer.concat([decipher.update(value), decipher.final()]) };
  }
  throw new Error(`${alg} is not for ${operation} with ${material.kty}.`);
}
