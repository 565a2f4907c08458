/** A member of a model's directory. */
export interface ModelFile {
  readonly path: string;
  /** Of a file; undefined for directories and links, which are there and say nothing. */
  readonly size?: number | undefined;
  /** Of a link: the path that it leads to. */
  readonly target?: string | undefined;
}

/** What a model's own files name and is not there. */
export interface Incomplete {
  /** The file that names it. */
  readonly file: string;
  /**
   * `index`: shards that an index file names, without which the weights cannot be loaded. `numbered`: parts of the same weights, by their names (`…-00001-of-00003.gguf`).
   * `external-data`: the tensors of an ONNX model. `adapter`: the model that an adapter is for, which may well be elsewhere.
   */
  readonly kind: 'index' | 'numbered' | 'external-data' | 'adapter';
  /** Paths, the first 100 of them; of an adapter, the base model as it names it. */
  readonly missing: readonly string[];
  /** How many there are in all. */
  readonly count: number;
}

/** What is told of one file, and what counts as said by it. */
export interface Named {
  readonly found: Incomplete | undefined;
  /** The files that it names, there or not. */
  readonly names: readonly string[];
}

/** How many missing paths one finding keeps. */
export const KEPT = 100;
