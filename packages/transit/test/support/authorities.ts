import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

// Authorities, certificates and lists of revoked ones as tests want them, sound or not.

x509.cryptoProvider.set(webcrypto as never);

export const DAY = 86_400_000;
const PURPOSES = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;
const P256 = { name: 'ECDSA', namedCurve: 'P-256' };
/** Nobody takes it any more. */
const WEAK = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 1024,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
};
const SIGNED = { ...P256, hash: 'SHA-256' };

export interface Made {
  readonly pem: string;
  readonly certificate: x509.X509Certificate;
  readonly name: x509.Name;
  readonly keys: webcrypto.CryptoKeyPair;
  /** PKCS#8 in PEM. */
  readonly key: string;
}

export interface Wanted {
  readonly name?: string;
  readonly from?: number;
  readonly until?: number;
  readonly authority?: boolean;
  readonly usage?: number | undefined;
  readonly purposes?: readonly (keyof typeof PURPOSES)[] | undefined;
  readonly names?: x509.JsonGeneralNames | undefined;
  /** Whether its key is one that can be broken. */
  readonly weak?: boolean;
}

type Issuer = Pick<Made, 'name' | 'keys'>;

/** A certificate, of the issuer or of itself. */
export async function issue(wanted: Wanted, issuer?: Issuer): Promise<Made> {
  const {
    name: text = 'CN=somebody',
    from = -DAY,
    until = 365 * DAY,
    authority = false,
    usage,
    purposes,
    names,
    weak = false,
  } = wanted;
  const keys = (await webcrypto.subtle.generateKey(weak ? WEAK : P256, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const name = new x509.Name(text);
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
    signingAlgorithm: (issuer?.keys ?? keys).privateKey.algorithm.name === WEAK.name ? WEAK : SIGNED,
    extensions: [
      new x509.BasicConstraintsExtension(authority, undefined, true),
      ...(usage === undefined ? [] : [new x509.KeyUsagesExtension(usage, true)]),
      ...(purposes === undefined
        ? []
        : [new x509.ExtendedKeyUsageExtension(purposes.map((one) => PURPOSES[one]))]),
      ...(names === undefined ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  });
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const key = x509.PemConverter.encode(der, 'PRIVATE KEY');
  return { pem: `${certificate.toString('pem')}\n`, certificate, name: certificate.subjectName, keys, key };
}

const { keyCertSign, cRLSign, digitalSignature } = x509.KeyUsageFlags;

export const authority = (wanted: Wanted = {}, issuer?: Issuer): Promise<Made> =>
  issue(
    { name: 'CN=Root', authority: true, usage: keyCertSign | cRLSign, from: -10 * DAY, ...wanted },
    issuer,
  );

export const LOCAL: x509.JsonGeneralNames = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
];

export const server = (issuer: Issuer, wanted: Wanted = {}): Promise<Made> =>
  issue(
    { name: 'CN=server', usage: digitalSignature, purposes: ['server'], names: LOCAL, ...wanted },
    issuer,
  );

export const spiffe = (id: string): x509.JsonGeneralNames => [{ type: 'url', value: id }];

export const client = (issuer: Issuer, wanted: Wanted = {}): Promise<Made> =>
  issue(
    {
      name: 'CN=client',
      usage: digitalSignature,
      purposes: ['client'],
      names: spiffe('spiffe://prod/serving/a'),
      ...wanted,
    },
    issuer,
  );

/** A list of the issuer, in PEM. */
export async function crl(
  issuer: Issuer,
  revoked: readonly Made[] = [],
  { from = -DAY, until = DAY as number | null, name = issuer.name } = {},
): Promise<string> {
  const list = await x509.X509CrlGenerator.create({
    issuer: name,
    thisUpdate: new Date(Date.now() + from),
    ...(until !== null && { nextUpdate: new Date(Date.now() + until) }),
    entries: revoked.map(({ certificate }) => ({
      serialNumber: certificate.serialNumber,
      revocationDate: new Date(),
    })),
    signingAlgorithm: SIGNED,
    signingKey: issuer.keys.privateKey,
  });
  // The label of RFC 7468 §6, which OpenSSL reads.
  return `${x509.PemConverter.encode(list.rawData, 'X509 CRL')}\n`;
}

export { x509 };
