import { checkPath, publicKeyPem, wipe } from '@weightseal/core';
import { generateKeyPair } from './crypto.js';
import { writeNewFile } from './new-file.js';
import { checkedPath } from './uri.js';

const CURVE = 'P-256';
const LINE_CHARACTERS = 64;
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 'latin1');
const [PAD, LINE_FEED] = [0x3d, 0x0a];

export interface GeneratedPemKey {
  /** `pem:<path>`, which `pemSignerFromUri` takes. */
  readonly uri: string;
  /** DER of a SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** The same as PEM, for those who verify. */
  readonly publicKeyPem: string;
}

/**
 * Creates a file with a new private key for signatures: ECDSA by P-256, PKCS#8 in PEM, mode 0600. It is on disk when this returns. There is no way to overwrite.
 *
 * @throws OUTPUT_EXISTS, NO_SPACE, IO_ERROR, INVALID_ARGUMENT for a path that no URI can name
 */
export async function generatePemKey(at: string | URL): Promise<GeneratedPemKey> {
  const path = checkPath(at, 'The path of the private key');
  const uri = `pem:${checkedPath(path, 'INVALID_ARGUMENT', 'pem')}`;
  const { publicKey, pkcs8 } = await newPair();
  let pem: Buffer | undefined;
  try {
    pem = encodePrivate(pkcs8);
    await writeNewFile(path, 'private key', pem);
    return { uri, publicKey, publicKeyPem: publicKeyPem(publicKey) };
  } finally {
    wipe(pkcs8, pem);
  }
}

function newPair(): Promise<{ publicKey: Uint8Array; pkcs8: Buffer }> {
  return new Promise((resolve, reject) => {
    generateKeyPair('ec', { namedCurve: CURVE }, (error, publicKey, privateKey) => {
      if (error) return reject(error);
      const spki = Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }));
      resolve({ publicKey: spki, pkcs8: privateKey.export({ format: 'der', type: 'pkcs8' }) });
    });
  });
}

/** PEM (RFC 7468 §10) from bytes to bytes: what once was a string could not be wiped. The caller wipes it. */
function encodePrivate(der: Uint8Array): Buffer {
  const [begin, end] = ['-----BEGIN PRIVATE KEY-----\n', '-----END PRIVATE KEY-----\n'];
  const characters = 4 * Math.ceil(der.length / 3);
  const lines = Math.ceil(characters / LINE_CHARACTERS);
  const out = Buffer.alloc(begin.length + characters + lines + end.length);
  let at = out.write(begin, 'latin1');
  const put = (byte: number, i: number): void => {
    out[at++] = byte;
    if ((i + 1) % LINE_CHARACTERS === 0 || i + 1 === characters) out[at++] = LINE_FEED;
  };
  for (let i = 0; i < characters; i++) {
    const [group, place] = [Math.floor(i / 4) * 3, i % 4];
    const bits = (der[group]! << 16) | ((der[group + 1] ?? 0) << 8) | (der[group + 2] ?? 0);
    put(group + place > der.length ? PAD : ALPHABET[(bits >> (18 - 6 * place)) & 63]!, i);
  }
  out.write(end, at, 'latin1');
  return out;
}
