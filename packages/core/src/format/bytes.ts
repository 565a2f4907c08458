// The byte conventions of FORMAT.md §1: big-endian integers, LP() and canonical base64url.

/** By Buffer, since Jest's browser environment has no TextEncoder. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text));
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** I2BE(value, 4): FORMAT.md §1.2. */
export function u32(value: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
}

/** I2BE(value, 8): FORMAT.md §1.2. Values stay below 2^53. */
export function u64(value: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
}

/** LP(x): the length in four bytes, then x. FORMAT.md §1.3. */
export function lengthPrefixed(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(u32(bytes.length), bytes);
}

export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/** Decodes unpadded base64url; undefined for anything but the one canonical spelling. FORMAT.md §1.5. */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) return undefined;
  return Uint8Array.from(bytes);
}

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;

/**
 * The same memory as a Uint8Array of this realm; undefined for what is none. `instanceof` knows only this realm's own: test runners with a DOM,
 * `node:vm` and Electron hand over those of another.
 * @hidden
 */
export function ownBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (typedArrayName.call(value) !== 'Uint8Array') return undefined;
  const { buffer, byteOffset, byteLength } = value as Uint8Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const ZEROS = new Uint8Array(4096);

export function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const piece = bytes.subarray(at, at + ZEROS.length);
    if (Buffer.compare(piece, ZEROS.subarray(0, piece.length)) !== 0) return false;
  }
  return true;
}

/**
 * Memory for a secret. V8 keeps small typed arrays inside its own heap, where it copies them when it likes, and zeroing reaches one copy
 * only; over a buffer of its own an array stays where it is.
 */
export function secretBytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for.
const control = /[\u0000-\u001f\u007f-\u009f]/;

/** Whether the text has a control character (C0, DEL, C1), which no text of the format may have. */
export function hasControl(text: string): boolean {
  return control.test(text);
}

/** Overwrites secrets with zeros. Entries that were never filled may be undefined. */
export function wipe(...secrets: readonly (Uint8Array | undefined)[]): void {
  for (const secret of secrets) secret?.fill(0);
}
