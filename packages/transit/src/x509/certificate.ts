import { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import * as asn1 from '@peculiar/asn1-x509';
import { isWeightsealError } from '@weightseal/core';
import { DEVELOPMENT_AUTHORITY } from '../dev/authority-name.js';
import { certificateError } from '../errors.js';
import { derOf, pemBlocks } from './pem.js';

/** A certificate, and what of it is asked here. OpenSSL, through Node, verifies signatures and chains; what Node does not tell is read by @peculiar/asn1-x509. */
export interface Certificate {
  readonly node: X509Certificate;
  /** In one line, for messages. */
  readonly subject: string;
  /** DER of the two names, and of the serial number, by which a list of what was revoked names it. */
  readonly subjectName: Uint8Array;
  readonly issuerName: Uint8Array;
  readonly serial: Uint8Array;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Whether it may issue certificates. */
  readonly isAuthority: boolean;
  /** What the key is for, as @peculiar/asn1-x509 calls it (`crlSign`); undefined where it does not say. */
  readonly keyUsage: readonly string[] | undefined;
  /** Object identifiers of what the certificate is for; undefined where it does not say. */
  readonly purposes: readonly string[] | undefined;
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
  /** Whether it is of an authority that `createDevCa` made, or is that authority's. */
  readonly isDevelopment: boolean;
}

/** @throws CERTIFICATE_INVALID */
export function readCertificate(der: Uint8Array): Certificate {
  const raw = Buffer.from(der);
  let subject = 'of no name';
  try {
    const node = new X509Certificate(raw);
    // Node puts each attribute on a line of its own, and an empty subject is undefined, whatever its type says.
    subject = ((node.subject as string | undefined) ?? '').split('\n').join(', ') || subject;
    // Bytes behind it would be covered by no signature.
    if (!node.raw.equals(raw)) throw new Error('bytes that are no part of it');
    const { tbsCertificate: body } = AsnConvert.parse(raw, asn1.Certificate);
    const names = [body.subject, body.issuer];
    return {
      node,
      subject,
      subjectName: new Uint8Array(AsnConvert.serialize(body.subject)),
      issuerName: new Uint8Array(AsnConvert.serialize(body.issuer)),
      serial: new Uint8Array(body.serialNumber),
      notBefore: body.validity.notBefore.getTime().getTime(),
      notAfter: body.validity.notAfter.getTime().getTime(),
      ...readExtensions(body.extensions ?? []),
      isDevelopment: names.some((name) => organisations(name).includes(DEVELOPMENT_AUTHORITY)),
    };
  } catch (cause) {
    if (isWeightsealError(cause)) throw cause;
    throw certificateError('CERTIFICATE_INVALID', subject, 'is none that can be read', cause);
  }
}

/** All of a PEM text, in their order. @throws CERTIFICATE_INVALID */
export function readCertificates(pem: string, whence: string): Certificate[] {
  return pemBlocks(pem, 'CERTIFICATE', whence).map((block) => readCertificate(derOf(block)));
}

const ORGANISATION = '2.5.4.10';

function organisations(name: asn1.Name): string[] {
  return name.flatMap((part) =>
    [...part].filter(({ type }) => type === ORGANISATION).map(({ value }) => value.toString()),
  );
}

type FromExtensions = Pick<Certificate, 'isAuthority' | 'keyUsage' | 'purposes' | 'dnsNames' | 'uris'>;

function readExtensions(extensions: readonly asn1.Extension[]): FromExtensions {
  const found = new Map<string, ArrayBuffer>();
  for (const { extnID, extnValue } of extensions) {
    if (found.has(extnID)) throw new Error(`the extension ${extnID} twice`);
    found.set(extnID, extnValue.buffer);
  }
  const value = <T>(id: string, type: new () => T): T | undefined => {
    const bytes = found.get(id);
    return bytes === undefined ? undefined : AsnConvert.parse(bytes, type);
  };
  const names = [...(value(asn1.id_ce_subjectAltName, asn1.SubjectAlternativeName) ?? [])];
  const purposes = value(asn1.id_ce_extKeyUsage, asn1.ExtendedKeyUsage);
  return {
    isAuthority: value(asn1.id_ce_basicConstraints, asn1.BasicConstraints)?.cA === true,
    keyUsage: value(asn1.id_ce_keyUsage, asn1.KeyUsage)?.toJSON(),
    purposes: purposes && [...purposes],
    dnsNames: names.flatMap(({ dNSName }) => (dNSName === undefined ? [] : [dNSName])),
    uris: names.flatMap(({ uniformResourceIdentifier: uri }) => (uri === undefined ? [] : [uri])),
  };
}
