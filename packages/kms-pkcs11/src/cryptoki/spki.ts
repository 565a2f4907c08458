// DER of a SubjectPublicKeyInfo (RFC 5280 §4.1) of what a token tells of a public key.

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
/** `id-ecPublicKey`, RFC 5480 §2.1.1. */
const EC_PUBLIC_KEY = Buffer.from('06072a8648ce3d0201', 'hex');
/** `rsaEncryption` and its NULL, RFC 3279 §2.3.1. */
const RSA_ENCRYPTION = Buffer.from('06092a864886f70d0101010500', 'hex');
/** Of an uncompressed point of P-256, P-384, P-521. */
const POINTS = [65, 97, 133];

/** @param parameters DER of the curve: CKA_EC_PARAMS */
export function ecPublicKey(parameters: Uint8Array, point: Uint8Array): Buffer {
  return publicKey(Buffer.concat([EC_PUBLIC_KEY, parameters]), bare(point));
}

/** @param modulus big-endian, as `exponent` */
export function rsaPublicKey(modulus: Uint8Array, exponent: Uint8Array): Buffer {
  return publicKey(RSA_ENCRYPTION, element(SEQUENCE, Buffer.concat([integer(modulus), integer(exponent)])));
}

function publicKey(algorithm: Uint8Array, key: Uint8Array): Buffer {
  const bits = element(BIT_STRING, Buffer.concat([Uint8Array.of(0), key]));
  return element(SEQUENCE, Buffer.concat([element(SEQUENCE, algorithm), bits]));
}

/** CKA_EC_POINT is an OCTET STRING around the point; some modules leave that out. */
function bare(point: Uint8Array): Uint8Array {
  const found = POINTS.find(
    (length) => point.length === length || point.length === length + headLength(length),
  );
  return found === undefined ? point : point.subarray(point.length - found);
}

function integer(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Uint8Array.of(0) : bytes.subarray(start);
  return element(INTEGER, digits[0]! >= 0x80 ? Buffer.concat([Uint8Array.of(0), digits]) : digits);
}

function element(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const head = [tag, length];
  if (length >= 0x100) head.splice(1, 1, 0x82, length >> 8, length & 0xff);
  else if (length >= 0x80) head.splice(1, 1, 0x81, length);
  return Buffer.concat([Buffer.from(head), content]);
}

function headLength(length: number): number {
  return length >= 0x80 ? 3 : 2;
}
