import { type ByteSource, type FileSource, inputChanged } from '../io/byte-source.js';
import type { ObjectSource } from '../store/object-source.js';

/** A file, opened to be copied. */
export interface OpenPiece extends AsyncDisposable {
  readonly source: ByteSource;
  /** Whether it is still what was opened. @throws INPUT_CHANGED */
  checkAtRest(): Promise<void>;
}

/** A file that is to be copied. */
export interface Piece {
  /** In the bundle; empty for a file by itself. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** @throws INPUT_CHANGED when it has another size by now */
  open(signal: AbortSignal | undefined): Promise<OpenPiece>;
}

/** What is to be copied. */
export interface Copying extends AsyncDisposable {
  readonly kind: 'file' | 'bundle';
  /** For messages. */
  readonly name: string;
  /** Of a bundle in the order in which they are copied; its envelope is the last. */
  readonly pieces: readonly Piece[];
}

export function ofFile(source: FileSource): OpenPiece {
  return {
    source,
    async checkAtRest() {
      await source.checkSize();
      if (await source.touched()) throw inputChanged(source.path);
    },
    [Symbol.asyncDispose]: () => source.close(),
  };
}

/** Each read of it names its version. */
export function ofObject(source: ObjectSource): OpenPiece {
  return { source, checkAtRest: () => Promise.resolve(), [Symbol.asyncDispose]: () => source.close() };
}
