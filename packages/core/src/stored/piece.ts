import { type ByteSource, type FileSource, inputChanged } from '../io/byte-source.js';
import type { ObjectSource } from '../store/object-source.js';

/** A file, opened to be copied. */
export interface OpenPiece extends AsyncDisposable {
  readonly source: ByteSource;
  /** Whether it is still what was opened. @throws INPUT_CHANGED */
  checkAtRest(): Promise<void>;
  /** What says that it is the very same bytes the next time. */
  identity?(): Promise<string>;
}

/** A file that is to be copied. */
export interface Piece {
  /** In the bundle; of a file, what comes after its name: nothing for itself, a dot and a name for what stands beside it. */
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
    async identity() {
      const { dev, ino, size, mtimeNs, ctimeNs } = await source.stat();
      return [dev, ino, size, mtimeNs, ctimeNs].join(':');
    },
    [Symbol.asyncDispose]: () => source.close(),
  };
}

/** Each read of it names its version. */
export function ofObject(source: ObjectSource): OpenPiece {
  return {
    source,
    checkAtRest: () => Promise.resolve(),
    identity: () => Promise.resolve(`${source.uri} ${source.object.version}`),
    [Symbol.asyncDispose]: () => source.close(),
  };
}
