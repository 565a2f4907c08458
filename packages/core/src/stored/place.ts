import type { Piece } from './piece.js';

/** What became of a file. */
export interface Put {
  /** False where it was there already. */
  readonly copied: boolean;
  /** Whether it begins as what is sealed does. */
  readonly sealed: boolean;
}

/** Where files are copied to. Nothing is there as a whole before `publish`. */
export interface Place extends AsyncDisposable {
  /** @throws OUTPUT_EXISTS for another file that is there */
  put(piece: Piece, signal: AbortSignal, progress: (bytes: number) => void): Promise<Put>;
  /** Whether it could be put, before anything is. @throws OUTPUT_EXISTS */
  check(piece: Piece, signal: AbortSignal | undefined): Promise<void>;
  publish(): Promise<void>;
}
