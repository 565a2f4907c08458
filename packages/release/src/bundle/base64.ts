import { invalid } from '../statement/invalid.js';

/** Bytes in the one spelling of base64 that they have: RFC 4648 §4, with padding. @throws SIGNATURE_INVALID */
export function fromBase64(value: unknown, what: string, mostBytes: number): Uint8Array {
  if (typeof value !== 'string') throw invalid(`${what} is no text`);
  if (value.length > 4 * Math.ceil(mostBytes / 3)) throw invalid(`${what} has more than ${mostBytes} bytes`);
  const bytes = Buffer.from(value, 'base64');
  // Node passes over what is no base64; written again, only the one spelling is the same.
  if (value === '' || bytes.toString('base64') !== value) throw invalid(`${what} is no base64`);
  return bytes;
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
