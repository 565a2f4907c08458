import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import * as asn1 from '@peculiar/asn1-x509';
import { checkOptions, WeightsealError, wipe } from '@weightseal/core';
import { pemOf } from '../x509/pem.js';
import { DEVELOPMENT_AUTHORITY } from './authority-name.js';
import { extension, type Issuer, issue, nameOf } from './issue.js';
import { alternativeNames, constraintsOf, type DevNames, devNames } from './names.js';

export interface DevCaOptions {
  /** A name below `.test` or `.localhost` for the server, besides localhost. */
  readonly name?: string | undefined;
  /** Of the SPIFFE IDs; `dev.localhost` unless told. */
  readonly trustDomain?: string | undefined;
}

export interface DevCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PKCS#8 in PEM. The caller wipes it. */
  readonly key: Buffer;
}

const DAY = 86_400_000;
const DAYS = 7;
/** Clocks of containers on one machine differ by less. */
const EARLIER = 60_000;
const { keyCertSign, cRLSign, digitalSignature } = asn1.KeyUsageFlags;
const PURPOSE = { server: asn1.id_kp_serverAuth, client: asn1.id_kp_clientAuth } as const;

/**
 * An authority for development: a root of P-256 that counts for seven days, and may issue for this machine's names and addresses only. Its private key is in this object alone, until `forget`; then nobody
 * can issue by it any more.
 */
export class DevCa implements Disposable {
  /** PEM. */
  readonly certificate: string;
  /** When it ends, and all that it issues with it. */
  readonly notAfter: Date;
  readonly #names: DevNames;
  readonly #notBefore: Date;
  #issuer: Issuer | undefined;

  /** @throws INVALID_ARGUMENT */
  constructor({ name, trustDomain = 'dev.localhost' }: DevCaOptions = {}) {
    this.#names = devNames(name, trustDomain);
    // Certificates know whole seconds.
    const now = Math.floor(Date.now() / 1000) * 1000;
    this.#notBefore = new Date(now - EARLIER);
    this.notAfter = new Date(now - EARLIER + DAYS * DAY);
    const pair = newPair();
    const subject = nameOf(DEVELOPMENT_AUTHORITY, `weightseal dev-ca ${this.#notBefore.toISOString()}`);
    this.#issuer = { name: subject, ...pair };
    this.certificate = this.#issue(subject, pair.publicKey, this.#issuer, [
      extension(
        asn1.id_ce_basicConstraints,
        true,
        new asn1.BasicConstraints({ cA: true, pathLenConstraint: 0 }),
      ),
      extension(asn1.id_ce_keyUsage, true, new asn1.KeyUsage(keyCertSign | cRLSign)),
      extension(asn1.id_ce_nameConstraints, true, constraintsOf(this.#names)),
    ]);
  }

  /** A new key, and a certificate for it. @throws INVALID_ARGUMENT after `forget` */
  issue(role: 'server' | 'client'): DevCertificate {
    const { privateKey, publicKey } = newPair();
    const subject = nameOf('weightseal development', `development ${role}`);
    const certificate = this.#issue(subject, publicKey, this.#living(), [
      extension(asn1.id_ce_basicConstraints, true, new asn1.BasicConstraints()),
      extension(asn1.id_ce_keyUsage, true, new asn1.KeyUsage(digitalSignature)),
      extension(asn1.id_ce_extKeyUsage, false, new asn1.ExtendedKeyUsage([PURPOSE[role]])),
      extension(asn1.id_ce_subjectAltName, false, alternativeNames(this.#names, role)),
    ]);
    return { certificate, key: keyPem(privateKey) };
  }

  /** The root's private key, PKCS#8 in PEM, for whoever wants to issue more later. The caller wipes it. @throws INVALID_ARGUMENT after `forget` */
  rootKey(): Buffer {
    return keyPem(this.#living().privateKey);
  }

  /** Lets go of the root's private key; OpenSSL wipes it with the object. */
  forget(): void {
    this.#issuer = undefined;
  }

  [Symbol.dispose](): void {
    this.forget();
  }

  #living(): Issuer {
    if (this.#issuer) return this.#issuer;
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'The private key of this authority for development is forgotten; make another one.',
    );
  }

  #issue(
    subject: asn1.Name,
    publicKey: KeyObject,
    issuer: Issuer,
    extensions: readonly asn1.Extension[],
  ): string {
    const [notBefore, notAfter] = [this.#notBefore, this.notAfter];
    return new X509Certificate(
      issue({ subject, publicKey, notBefore, notAfter, extensions }, issuer),
    ).toString();
  }
}

/** @throws INVALID_ARGUMENT */
export function createDevCa(options: DevCaOptions = {}): DevCa {
  checkOptions(options, { name: 'string', trustDomain: 'string' }, 'An authority for development');
  return new DevCa(options);
}

function newPair(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function keyPem(key: KeyObject): Buffer {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  try {
    return pemOf(der, 'PRIVATE KEY');
  } finally {
    wipe(der);
  }
}
