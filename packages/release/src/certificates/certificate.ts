import { X509Certificate } from 'node:crypto';
import { signingAlgorithmOf, WeightsealError } from '@weightseal/core';
import { certificateError } from './errors.js';
import { type Extensions, readExtensions } from './extensions.js';

type ParsedCertificate = import('@peculiar/asn1-x509').Certificate;
type Asn1 = { schema: typeof import('@peculiar/asn1-schema'); x509: typeof import('@peculiar/asn1-x509') };

/**
 * What is asked of a certificate. OpenSSL, through Node, verifies signatures and compares names; what Node does not tell of a certificate (usage of the
 * key, constraints, what is critical) is read by @peculiar/asn1-x509.
 */
export interface Certificate extends Extensions {
  readonly raw: Uint8Array;
  readonly node: X509Certificate;
  /** In one line, for messages. */
  readonly subject: string;
  /** DER of a SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** The object identifier of the algorithm by which its issuer signed it. */
  readonly signedBy: string;
  /** Its common names: the subject should have at most one. */
  readonly commonNames: readonly string[];
}

const COMMON_NAME = '2.5.4.3';
const VERSION_3 = 2;

/** Loads the parser. @throws CERTIFICATE_INVALID, SIGNING_KEY_UNFIT */
export async function certificateReader(): Promise<(der: Uint8Array) => Certificate> {
  const [schema, x509] = await Promise.all([import('@peculiar/asn1-schema'), import('@peculiar/asn1-x509')]);
  return (der) => read({ schema, x509 }, der);
}

function read(asn1: Asn1, der: Uint8Array): Certificate {
  const raw = Buffer.from(der);
  let subject = 'of no name';
  try {
    const node = new X509Certificate(raw);
    subject = oneLine(node.subject);
    // Bytes behind it would be covered by no signature.
    if (!node.raw.equals(raw)) throw new Error('bytes that are no part of it');
    const { AsnConvert } = asn1.schema;
    const whole = AsnConvert.parse(raw, asn1.x509.Certificate);
    checkUnsigned(asn1, whole, raw);
    const body = whole.tbsCertificate;
    if (body.version !== VERSION_3) throw new Error(`version ${body.version + 1} of X.509`);
    return {
      ...readExtensions(asn1, body.extensions ?? []),
      raw,
      node,
      subject,
      publicKey: new Uint8Array(AsnConvert.serialize(body.subjectPublicKeyInfo)),
      notBefore: body.validity.notBefore.getTime().getTime(),
      notAfter: body.validity.notAfter.getTime().getTime(),
      signedBy: body.signature.algorithm,
      commonNames: body.subject.flatMap((names) =>
        [...names].filter(({ type }) => type === COMMON_NAME).map(({ value }) => value.toString()),
      ),
    };
  } catch (cause) {
    if (cause instanceof WeightsealError) throw cause;
    throw certificateError('CERTIFICATE_INVALID', subject, 'is none that can be read', cause);
  }
}

/** What stands outside of what is signed has one spelling: the algorithm is the one inside (RFC 5280 §4.1.1.2), and a signature is whole bytes. Sigstore's library looks at neither. */
function checkUnsigned({ schema }: Asn1, whole: ParsedCertificate, raw: Uint8Array): void {
  const [outside, inside] = [whole.signatureAlgorithm, whole.tbsCertificate.signature].map((one) =>
    Buffer.from(schema.AsnConvert.serialize(one)),
  );
  if (!outside?.equals(inside!)) throw new Error('two algorithms of its signature');
  if (raw[raw.length - whole.signatureValue.byteLength - 1] !== 0)
    throw new Error('a signature that is no whole bytes');
}

/** Node puts each attribute on a line of its own, and an empty subject is undefined, whatever its type says. */
function oneLine(subject: string | undefined): string {
  return (subject ?? '').split('\n').join(', ') || 'of no name';
}

/** The key is one that signs here, and strong enough. @throws SIGNING_KEY_UNFIT */
export function checkKey({ publicKey, subject }: Certificate): void {
  try {
    signingAlgorithmOf(publicKey);
  } catch (cause) {
    const why =
      cause instanceof WeightsealError ? cause.message.replace(/^The key for signatures|\.$/g, '') : '';
    throw certificateError('SIGNING_KEY_UNFIT', subject, `has a key that${why}`, cause);
  }
}
