/**
 * How the platform lays out the structures of PKCS#11. All of those used here consist of CK_ULONGs and pointers: on LP64 and ILP32 these are
 * equally wide, and on Windows, where they are not, the structures are packed. So none has padding, but for the two bytes of version
 * before the pointers of CK_FUNCTION_LIST.
 */
export interface Layout {
  /** Bytes of a CK_ULONG: 8 on LP64, 4 on ILP32 and on Windows. */
  readonly ulong: number;
  readonly pointer: number;
  /** Structures are packed: Windows. */
  readonly packed: boolean;
}

/** A field: a CK_ULONG as a number, a pointer as a bigint. */
export type Field = number | bigint;

/** Every platform that koffi has a binary for is little-endian. */
export function encodeFields(layout: Layout, fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.map((field) => encodeInteger(typeof field === 'bigint' ? layout.pointer : layout.ulong, field)),
  );
}

function encodeInteger(width: number, value: Field): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out.subarray(0, width);
}

/** The CK_ULONG at the offset; undefined when it is CK_UNAVAILABLE_INFORMATION (all ones) or no number that counts anything. */
export function readUlong({ ulong }: Layout, bytes: Buffer, offset = 0): number | undefined {
  const value = ulong === 8 ? bytes.readBigUInt64LE(offset) : BigInt(bytes.readUInt32LE(offset));
  const unavailable = (1n << BigInt(ulong * 8)) - 1n;
  return value === unavailable || value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value);
}

/** Where the pointer to a function stands in CK_FUNCTION_LIST. */
export function functionOffset({ pointer, packed }: Layout, place: number): number {
  const versionBytes = 2;
  return (packed ? versionBytes : pointer) + place * pointer;
}

/** A text field of fixed width, padded with blanks (some modules: with zeros). */
export function readText(bytes: Buffer, start: number, length: number): string {
  return bytes
    .toString('utf8', start, start + length)
    .replace(/\0.*$/s, '')
    .replace(/ +$/, '');
}

/** A session, an object or a slot: any value of a CK_ULONG, so not always a safe integer. */
export type Handle = bigint;

/** The handles that stand one after another in a block. */
export function readHandles({ ulong }: Layout, bytes: Buffer, count: number): Handle[] {
  return Array.from({ length: count }, (_, i) =>
    ulong === 8 ? bytes.readBigUInt64LE(i * ulong) : BigInt(bytes.readUInt32LE(i * ulong)),
  );
}
