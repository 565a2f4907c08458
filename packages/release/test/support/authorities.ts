import 'reflect-metadata';
import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { signerOf, type TestSigner } from './signers.ts';

// Authorities and certificates as tests want them, sound or not.

x509.cryptoProvider.set(webcrypto as never);

export const { KeyUsageFlags } = x509;
export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
export const SERVER = '1.3.6.1.5.5.7.3.1';
export const DAY = 86_400_000;

type Key = webcrypto.CryptoKeyPair;

export interface Wanted {
  readonly name?: string;
  readonly from?: number;
  readonly until?: number;
  /** False for none; undefined for an authority. */
  readonly authority?: boolean | undefined;
  readonly pathLength?: number | undefined;
  readonly usage?: number | undefined;
  readonly purposes?: readonly string[] | undefined;
  readonly names?: x509.JsonGeneralNames | undefined;
  readonly extensions?: readonly x509.Extension[];
  readonly key?: object;
  /** By which algorithm the issuer signs it. */
  readonly hash?: string;
}

export interface Made {
  readonly der: Uint8Array;
  readonly name: string;
  readonly keys: Key;
  readonly algorithm: object;
  readonly signer: TestSigner;
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256' };

/** A certificate, of the issuer or of itself. */
export async function issue(wanted: Wanted, issuer?: Made): Promise<Made> {
  const { name = 'CN=somebody', from = -DAY, until = 365 * DAY, key = P256, hash = 'SHA-256' } = wanted;
  const keys = (await webcrypto.subtle.generateKey(key as never, true, ['sign', 'verify'])) as Key;
  const { authority, usage, purposes, names, pathLength } = wanted;
  const signedBy = issuer?.algorithm ?? key;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(8)))
      .toString('hex')
      .replace(/^./, '1'),
    subject: name,
    issuer: issuer?.name ?? name,
    notBefore: new Date(Date.now() + from),
    notAfter: new Date(Date.now() + until),
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: { ...signedBy, hash } as never,
    extensions: [
      ...(authority === false
        ? []
        : [new x509.BasicConstraintsExtension(authority === true, pathLength, true)]),
      ...(usage === undefined ? [] : [new x509.KeyUsagesExtension(usage, true)]),
      ...(purposes === undefined ? [] : [new x509.ExtendedKeyUsageExtension([...purposes])]),
      ...(names === undefined ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
      ...(wanted.extensions ?? []),
    ],
  });
  const exported = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const privateKey = createPrivateKey({ key: exported, format: 'der', type: 'pkcs8' });
  return {
    der: new Uint8Array(certificate.rawData),
    name,
    keys,
    algorithm: key,
    signer: signerOf({ privateKey, publicKey: createPublicKey(privateKey) }),
  };
}

/** An authority that may issue what the tests want, unless told otherwise. */
export const authority = (wanted: Wanted, issuer?: Made): Promise<Made> =>
  issue({ authority: true, usage: KeyUsageFlags.keyCertSign, from: -10 * DAY, ...wanted }, issuer);

/** A certificate for signatures, unless told otherwise. */
export const leaf = (wanted: Wanted, issuer?: Made): Promise<Made> =>
  issue({ authority: false, usage: KeyUsageFlags.digitalSignature, ...wanted }, issuer);

export { x509 };
