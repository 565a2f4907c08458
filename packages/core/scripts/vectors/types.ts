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
  readonly metadata: Readonly<Record<string, string | number>>;
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
}
