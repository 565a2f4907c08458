import { utf8 } from './bytes.js';

// The subset of RFC 8785 that FORMAT.md §1.4 allows: objects, arrays, well-formed strings and safe integers.
export type Json = string | number | readonly Json[] | { readonly [name: string]: Json };

/** Deeper than any document of the format; bounds the recursion on hostile input. */
const MAX_DEPTH = 6;

function encode(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new RangeError('too deep');
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('a lone surrogate');
    return JSON.stringify(value);
  }
  if (typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => encode(item, depth + 1)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, item]) => `${encode(name, depth)}:${encode(item, depth + 1)}`).join(',')}}`;
  }
  throw new TypeError('neither object, array, string nor integer');
}

/** The one encoding of a value. Throws TypeError or RangeError for what FORMAT.md §1.4 leaves out. */
export function canonicalJson(value: Json): Uint8Array<ArrayBuffer> {
  return utf8(encode(value, 0));
}

/**
 * Parses bytes that must be canonical, undefined if they are not. Re-encoding and comparing refuses at once
 * duplicate names, other spellings of a string, white space, a BOM and invalid UTF-8.
 */
export function parseCanonicalJson(bytes: Uint8Array): Json | undefined {
  try {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
    const value: unknown = JSON.parse(text);
    return Buffer.compare(canonicalJson(value as Json), bytes) === 0 ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True when the object has these members and no others. */
export function hasExactly(value: { readonly [name: string]: Json }, names: readonly string[]): boolean {
  const own = Object.keys(value);
  return own.length === names.length && names.every((name) => Object.hasOwn(value, name));
}
