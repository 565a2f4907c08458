import { invalid, list, member, object, text } from '../statement/invalid.js';
import { parseJson } from '../statement/json.js';
import { MAX_STATEMENT_BYTES, PAYLOAD_TYPE } from '../statement/statement.js';
import { fromBase64, toBase64 } from './base64.js';

// A Sigstore bundle with a DSSE envelope, as Model Signing has it: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto

const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
/** One of RSA with 8192 bits has 1024. */
const MAX_SIGNATURE_BYTES = 2048;
const MAX_CERTIFICATE_BYTES = 65_536;
export const MOST_CERTIFICATES = 16;
/** Logs and time stamps of Sigstore are a few. */
const MOST_PROOFS = 32;
/** One with all the proofs that it may have has some thousands. */
const MOST_VALUES = 20_000;
const MAX_MATERIAL_BYTES = 4 * 1024 * 1024;
/** A longer one is refused before it is looked at. */
export const MAX_BUNDLE_BYTES: number = 4 * Math.ceil(MAX_STATEMENT_BYTES / 3) + MAX_MATERIAL_BYTES;

/** Who says that they signed. */
export type Material =
  /** The SHA-256 of the public key's PEM, in hexadecimal: a hint at which key, and no proof. */
  | { readonly kind: 'key'; readonly hint: string }
  /** DER, the signer's own first. */
  | { readonly kind: 'certificates'; readonly certificates: readonly Uint8Array[] }
  /** DER of a certificate of Sigstore's, with entries of a log. */
  | { readonly kind: 'sigstore'; readonly certificate: Uint8Array };

export interface SignatureBundle {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly material: Material;
}

export interface ParsedBundle extends SignatureBundle {
  /** The JSON that it was, for Sigstore's own library. */
  readonly document: unknown;
}

/** @throws SIGNATURE_INVALID */
export function parseBundle(bytes: Uint8Array): ParsedBundle {
  if (bytes.length > MAX_BUNDLE_BYTES)
    throw invalid(`The signature has ${bytes.length} bytes, more than ${MAX_BUNDLE_BYTES}`);
  const value = parseJson(bytes, 'The signature', MOST_VALUES);
  const known = ['mediaType', 'verificationMaterial', 'dsseEnvelope'];
  const document = object(value, 'The signature', known);
  if (member(document, 'mediaType') !== MEDIA_TYPE)
    throw invalid(`The signature is no Sigstore bundle of the version that is read here (${MEDIA_TYPE})`);
  const envelope = parseEnvelope(member(document, 'dsseEnvelope'));
  return { ...envelope, material: parseMaterial(member(document, 'verificationMaterial')), document };
}

function parseEnvelope(value: unknown): { payload: Uint8Array; signature: Uint8Array } {
  const envelope = object(value, 'The envelope', ['payload', 'payloadType', 'signatures']);
  if (member(envelope, 'payloadType') !== PAYLOAD_TYPE)
    throw invalid(`The envelope holds something else than a statement (${PAYLOAD_TYPE})`);
  const signatures = list(member(envelope, 'signatures'), 'The list of signatures', 1);
  if (signatures.length === 0) throw invalid('The envelope has no signature');
  const signature = object(signatures[0], 'The signature in the envelope', ['sig', 'keyid']);
  // Nobody looks at it.
  if (![undefined, null, ''].includes(member(signature, 'keyid') as null))
    throw invalid('The signature names a key by a keyid, which Model Signing does not');
  return {
    payload: fromBase64(member(envelope, 'payload'), 'The payload', MAX_STATEMENT_BYTES),
    signature: fromBase64(member(signature, 'sig'), 'The signature in the envelope', MAX_SIGNATURE_BYTES),
  };
}

const KINDS = ['publicKey', 'x509CertificateChain', 'certificate'];

function parseMaterial(value: unknown): Material {
  const what = 'The verification material';
  const material = object(value, what, [...KINDS, 'tlogEntries', 'timestampVerificationData']);
  const kinds = KINDS.filter((name) => Object.hasOwn(material, name));
  if (kinds.length !== 1)
    throw invalid(`${what} has ${kinds.length} of ${KINDS.join(', ')}, and one is what it must have`);
  const entries = list(member(material, 'tlogEntries') ?? [], 'The list of log entries', MOST_PROOFS);
  if (kinds[0] === 'publicKey') return parseKey(member(material, 'publicKey'));
  if (kinds[0] === 'x509CertificateChain') return parseChain(member(material, 'x509CertificateChain'));
  if (entries.length === 0)
    throw invalid(
      'The signature has a certificate of Sigstore, and no entry of a log that proves when it was made',
    );
  return { kind: 'sigstore', certificate: parseCertificate(member(material, 'certificate')) };
}

function parseKey(value: unknown): Material {
  const key = object(value, 'The public key', ['hint']);
  return { kind: 'key', hint: text(member(key, 'hint'), 'The hint at the key', 1024) };
}

function parseChain(value: unknown): Material {
  const what = 'The chain of certificates';
  const certificates = list(
    member(object(value, what, ['certificates']), 'certificates'),
    what,
    MOST_CERTIFICATES,
  );
  if (certificates.length === 0) throw invalid(`${what} is empty`);
  return { kind: 'certificates', certificates: certificates.map(parseCertificate) };
}

function parseCertificate(value: unknown): Uint8Array {
  const certificate = object(value, 'The certificate', ['rawBytes']);
  return fromBase64(member(certificate, 'rawBytes'), 'The certificate', MAX_CERTIFICATE_BYTES);
}

/** As the reference implementation writes it, member for member. */
export function encodeBundle(
  { payload, signature }: Omit<SignatureBundle, 'material'>,
  material: Exclude<Material, { kind: 'sigstore' }>,
): Uint8Array {
  const who =
    material.kind === 'key'
      ? { publicKey: { hint: material.hint } }
      : {
          x509CertificateChain: {
            certificates: material.certificates.map((bytes) => ({ rawBytes: toBase64(bytes) })),
          },
        };
  const document = {
    mediaType: MEDIA_TYPE,
    verificationMaterial: { ...who, tlogEntries: [] },
    dsseEnvelope: {
      payload: toBase64(payload),
      payloadType: PAYLOAD_TYPE,
      signatures: [{ sig: toBase64(signature), keyid: '' }],
    },
  };
  return Buffer.from(JSON.stringify(document));
}
