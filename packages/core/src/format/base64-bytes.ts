// Base64url from bytes to bytes: secrets that stand in a document never become a string.
const ALPHABET = new Uint8Array(64);
const VALUE = new Uint8Array(256).fill(255);
const SYMBOLS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
for (let value = 0; value < 64; value++) {
  const symbol = SYMBOLS.charCodeAt(value);
  ALPHABET[value] = symbol;
  VALUE[symbol] = value;
}

/** How many characters so many bytes have: FORMAT.md §1.5. */
export function base64Length(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

/** Writes the characters of `from` at `at`. Returns where they end. */
export function encodeBase64(from: Uint8Array, out: Uint8Array, at: number): number {
  let position = at;
  for (let i = 0; i < from.length; i += 3) {
    const left = from.length - i;
    const bits = (from[i]! << 16) | ((from[i + 1] ?? 0) << 8) | (from[i + 2] ?? 0);
    out[position++] = ALPHABET[bits >> 18]!;
    out[position++] = ALPHABET[(bits >> 12) & 63]!;
    if (left > 1) out[position++] = ALPHABET[(bits >> 6) & 63]!;
    if (left > 2) out[position++] = ALPHABET[bits & 63]!;
  }
  return position;
}

/** Fills `into` from the characters at `at`; false for any but the one spelling of so many bytes. */
export function decodeBase64(from: Uint8Array, at: number, into: Uint8Array): boolean {
  let position = at;
  for (let i = 0; i < into.length; i += 3) {
    const left = Math.min(3, into.length - i);
    let bits = 0;
    for (let j = 0; j < 4; j++) {
      const value = j <= left ? VALUE[from[position++] ?? 0]! : 0;
      if (value === 255) return false;
      bits = (bits << 6) | value;
    }
    // Bits that no byte has must be zero, or there were several spellings.
    if (left < 3 && (bits & (left === 1 ? 0xffff : 0xff)) !== 0) return false;
    into[i] = bits >> 16;
    if (left > 1) into[i + 1] = (bits >> 8) & 255;
    if (left > 2) into[i + 2] = bits & 255;
  }
  return true;
}
