import type { Json } from '../../src/format/canonical-json.js';

// The form of vectors/*.json; vectors/README.md describes it for readers in other languages.

/** Bytes at an offset; everything that no piece covers is zero. */
export interface Piece {
  readonly at: number;
  readonly hex: string;
}

export interface PositiveVector {
  readonly name: string;
  readonly comment: string;
  /** The 32 bytes that unwrapping any of the slots gives. */
  readonly dataKey: string;
  readonly context: Readonly<Record<string, string>>;
  readonly keyUris: readonly string[];
  /** Of the envelope in use. */
  readonly generation: number;
  /** Whether both copies of the envelope are whole and equal. */
  readonly copiesEqual: boolean;
  readonly metadata: Readonly<Record<string, Json>>;
  readonly segmentLength: number;
  readonly segments: number;
  readonly plaintext: string;
  readonly size: number;
  readonly sha256: string;
  readonly pieces: readonly Piece[];
}

export interface NegativeVector {
  readonly name: string;
  readonly comment: string;
  /** The positive vector that it was made from. */
  readonly of: string;
  /** The file's new length; what is beyond the old one is zero before the changes. */
  readonly size: number;
  readonly changes: readonly Piece[];
  /** The code with random access. */
  readonly code: string;
  /** The code of a streaming reader where it is another. */
  readonly streamCode?: string;
  /** Only a read of the segments finds it: opening alone does not. */
  readonly foundByReading?: true;
  /** The code of a reader without a key; it shows a file that has none. */
  readonly codeWithoutKey?: string;
}

/** A wrap of a provider of FORMAT.md's appendix A. */
export interface WrapVector {
  readonly name: string;
  readonly comment: string;
  readonly provider: 'local' | 'passphrase';
  /** The text of a key file, for `local`. */
  readonly keyFile?: string;
  /** The bytes of a passphrase, in hexadecimal, for `passphrase`. */
  readonly passphrase?: string;
  readonly context: Readonly<Record<string, string>>;
  /** The slot's members of these names; `wrapped` in hexadecimal. */
  readonly slot: { readonly algorithm: string; readonly version: string; readonly wrapped: string };
  /** What unwrapping gives. */
  readonly dataKey?: string;
  /** Or the code with which it is refused. */
  readonly code?: string;
}
