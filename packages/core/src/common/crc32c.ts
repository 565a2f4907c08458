/** The Castagnoli polynomial, reflected: RFC 3720 §12.1. zlib's crc32 is of another polynomial. */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables of 256, one after another: eight bytes are looked up at once ("slicing by 8"), which is what an upload has time for. */
let tables: Int32Array | undefined;

/**
 * CRC32C (RFC 3720 appendix B.4) as a number from 0 to 2^32 - 1. With the checksum of what stands before, that of both together.
 *
 * @hidden
 */
export function crc32c(bytes: Uint8Array, before = 0): number {
  tables ??= madeTables();
  const table = tables;
  let crc = ~before;
  let at = 0;
  for (const end = bytes.length - (bytes.length % 8); at < end; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      table[0x700 | (crc & 0xff)]! ^
      table[0x600 | ((crc >>> 8) & 0xff)]! ^
      table[0x500 | ((crc >>> 16) & 0xff)]! ^
      table[0x400 | (crc >>> 24)]! ^
      table[0x300 | bytes[at + 4]!]! ^
      table[0x200 | bytes[at + 5]!]! ^
      table[0x100 | bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = table[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

function madeTables(): Int32Array {
  const table = new Int32Array(8 * 256);
  for (let at = 0; at < 256; at++) {
    let crc = at;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[at] = crc;
  }
  for (let at = 256; at < table.length; at++) {
    const crc = table[at - 256]!;
    table[at] = table[crc & 0xff]! ^ (crc >>> 8);
  }
  return table;
}
