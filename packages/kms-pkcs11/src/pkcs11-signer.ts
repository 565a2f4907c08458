import {
  checkedDeadline,
  checkOptions,
  ecdsaDer,
  makeSigner,
  type Signer,
  type ToSign,
} from '@weightseal/core';
import { Client } from './client.js';
import { versionIn } from './describe.js';
import {
  ACCESS_OPTIONS,
  type AccessOptions,
  checkedKey,
  checkedModule,
  checkedToken,
  KEY_OPTIONS,
  type Pkcs11KeyOptions,
} from './options.js';
import { pinSource } from './pin.js';
import { formatUri, type KeyIdentity, parseUri } from './uri.js';

/** As for a key that wraps; `object` and `id` name a private key. */
export type Pkcs11SignerOptions = Pkcs11KeyOptions;

/** What stands before a digest of SHA-256: RFC 8017 §9.2, note 1. */
const SHA_256 = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/**
 * A private key on a token: ECDSA by P-256, P-384 or P-521 (CKM_ECDSA), or RSA (CKM_RSA_PKCS). What goes to the token is a digest. Of several with the
 * label, the one whose id sorts last at the first call signs, for as long as the signer is in use.
 *
 * @throws INVALID_ARGUMENT, KEY_URI_INVALID
 */
export function createPkcs11Signer(options: Pkcs11SignerOptions): Signer {
  checkOptions(options, Object.keys(KEY_OPTIONS), 'A signer of PKCS#11');
  return signerOf({ token: checkedToken(options), key: checkedKey(options) }, options, undefined);
}

/**
 * The signer of a URI of RFC 7512, as `pkcs11:token=…;object=…;type=private?module-path=/…&pin-source=file:/…`. What the options say goes before what the URI says;
 * a PIN never stands in it.
 *
 * @throws KEY_URI_INVALID, INVALID_ARGUMENT
 */
export function pkcs11SignerFromUri(uri: string, options: AccessOptions = {}): Signer {
  checkOptions(options, Object.keys(ACCESS_OPTIONS), 'A signer of pkcs11:');
  const { module, pinFile, ...identity } = parseUri(uri, 'private');
  return signerOf(identity, { ...options, module: options.module ?? module }, pinFile);
}

function signerOf(identity: KeyIdentity, options: AccessOptions, pinFile: string | undefined): Signer {
  const { token, key } = identity;
  const uri = formatUri(identity, 'private');
  const deadlineMs = checkedDeadline(options.deadlineMs);
  const pin = pinSource(options.pin, pinFile);
  const client = new Client({ module: checkedModule(options.module), token, pin, deadlineMs });
  return makeSigner<string>({
    provider: 'pkcs11',
    uri,
    limits: (call, doing) => ({ signal: call?.signal, deadlineMs, doing: `${doing} ${uri}` }),
    async find(stop) {
      const doing = `get the public key of ${uri}`;
      const { head, bytes } = await client.ask('public-key', key, Buffer.alloc(0), stop, doing);
      return { publicKey: bytes, version: versionIn(uri, head) };
    },
    async sign(id, toSign, stop) {
      const { bytes } = await client.ask('sign', { ...key, id }, inputOf(toSign), stop, `sign with ${uri}`);
      return toSign.algorithm.startsWith('ECDSA') ? ecdsaDer(bytes) : bytes;
    },
  });
}

/** CKM_RSA_PKCS pads what it is given, and puts nothing before it. */
function inputOf({ algorithm, digest }: ToSign): Uint8Array {
  return algorithm === 'RSA-PKCS1-SHA256' ? Buffer.concat([SHA_256, digest]) : digest;
}
