/** The Castagnoli polynomial, reflected: RFC 3720 §12.1. zlib's crc32 is of another polynomial. */
const POLYNOMIAL = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

/** CRC32C (RFC 3720 appendix B.4) as a number from 0 to 2^32 - 1. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * The number in an Int64Value of an answer; undefined when there is none. The SDK gives `{ value }` with a decimal
 * string, and other configurations of protobufjs a number or a Long.
 */
export function int64(wrapped: unknown): number | undefined {
  const value: unknown = isObject(wrapped) && 'value' in wrapped ? wrapped['value'] : wrapped;
  if (value === undefined || value === null) return undefined;
  // A Long has its decimal digits as its text.
  const digits = String(value);
  return /^[0-9]{1,15}$/.test(digits) ? Number(digits) : undefined;
}

/** Whether the answer carries the checksum of these bytes. An answer without one does not. */
export function hasChecksum(bytes: Uint8Array, wrapped: unknown): boolean {
  return int64(wrapped) === crc32c(bytes);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
