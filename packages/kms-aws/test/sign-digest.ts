import { constants, type KeyObject, privateEncrypt } from 'node:crypto';

/** What stands before a digest of SHA-256: RFC 8017 §9.2, note 1. */
const SHA_256 = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** RSASSA-PKCS1-v1_5 of a digest: the one signature that Node makes of what is hashed already. */
export function signDigest(key: KeyObject, digest: Uint8Array): Buffer {
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([SHA_256, digest]));
}
