import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import * as asn1 from '@peculiar/asn1-x509';

// Certificates of X.509 version 3, signed by a key of P-256: RFC 5280 §4.1.

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const ORGANISATION = '2.5.4.10';
const COMMON_NAME = '2.5.4.3';

export interface Issuer {
  readonly name: asn1.Name;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface ToIssue {
  readonly subject: asn1.Name;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly asn1.Extension[];
}

/** DER of a certificate. */
export function issue(wanted: ToIssue, issuer: Issuer): Buffer {
  const algorithm = new asn1.AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const { publicKey, notBefore, notAfter, extensions } = wanted;
  const body = new asn1.TBSCertificate({
    version: asn1.Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: issuer.name,
    validity: new asn1.Validity({ notBefore, notAfter }),
    subject: wanted.subject,
    subjectPublicKeyInfo: AsnConvert.parse(spki(publicKey), asn1.SubjectPublicKeyInfo),
    extensions: new asn1.Extensions([
      ...extensions,
      extension(asn1.id_ce_subjectKeyIdentifier, false, new asn1.SubjectKeyIdentifier(keyId(publicKey))),
      extension(
        asn1.id_ce_authorityKeyIdentifier,
        false,
        new asn1.AuthorityKeyIdentifier({ keyIdentifier: new asn1.KeyIdentifier(keyId(issuer.publicKey)) }),
      ),
    ]),
  });
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(body)), issuer.privateKey);
  const whole = new asn1.Certificate({
    tbsCertificate: body,
    signatureAlgorithm: algorithm,
    signatureValue: exactly(signature),
  });
  return Buffer.from(AsnConvert.serialize(whole));
}

export function extension(id: string, critical: boolean, value: object): asn1.Extension {
  return new asn1.Extension({
    extnID: id,
    critical,
    extnValue: new OctetString(AsnConvert.serialize(value)),
  });
}

export function nameOf(organisation: string, commonName: string): asn1.Name {
  const part = (type: string, text: string) =>
    new asn1.RelativeDistinguishedName([
      new asn1.AttributeTypeAndValue({ type, value: new asn1.AttributeValue({ utf8String: text }) }),
    ]);
  return new asn1.Name([part(ORGANISATION, organisation), part(COMMON_NAME, commonName)]);
}

/** RFC 5280 §4.1.2.2: positive, at most 20 bytes, and nobody can guess it. */
function serialNumber(): ArrayBuffer {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return exactly(bytes);
}

function keyId(key: KeyObject): ArrayBuffer {
  return exactly(createHash('sha256').update(spki(key)).digest().subarray(0, 20));
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

/** Node's small buffers are parts of a larger one. */
function exactly(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
