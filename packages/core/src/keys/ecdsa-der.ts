import { WeightsealError } from '../errors.js';

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const SIGN = 0x80;
/** Of each number, for P-256, P-384 and P-521. */
const WIDTHS = [32, 48, 66];

/**
 * The DER of an ECDSA signature (RFC 3279 §2.2.3), of r and s one after another, each as wide as the curve's order: as PKCS#11 and JOSE have them.
 *
 * @throws KEY_RESPONSE_INVALID for what has another length than any of them
 */
export function ecdsaDer(raw: Uint8Array): Uint8Array {
  const width = raw.length / 2;
  if (!WIDTHS.includes(width)) {
    throw new WeightsealError(
      'KEY_RESPONSE_INVALID',
      `An ECDSA signature of ${raw.length} bytes is none of P-256, P-384 or P-521. Check what answers for the key.`,
    );
  }
  return element(SEQUENCE, [integer(raw.subarray(0, width)), integer(raw.subarray(width))]);
}

/** Without the zeros before it, and with one where its first bit would be a sign (X.690 §8.3). */
function integer(number: Uint8Array): Uint8Array {
  const start = number.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Uint8Array.of(0) : number.subarray(start);
  return element(INTEGER, digits[0]! >= SIGN ? [Uint8Array.of(0), digits] : [digits]);
}

/** All that stands here is shorter than 256 bytes (X.690 §8.1.3). */
function element(tag: number, parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < SIGN ? [tag, length] : [tag, SIGN | 1, length];
  return Uint8Array.from([...head, ...content]);
}
