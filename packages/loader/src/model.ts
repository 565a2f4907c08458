import type { FileHandle } from 'node:fs/promises';
import type { Incomplete, OnProgress, Opened, SealedReader } from '@weightseal/core';
import type { Inode } from './inode.js';
import type { Need } from './need.js';
import type { Plaintext } from './plaintext.js';

/** What is said of the writing of a plaintext. */
export interface PourOptions {
  readonly digest?: boolean | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a sealed file or a bundle says of itself: all of it authenticated. What only one of the two says is missing of the other. */
export interface OpenedModel extends Omit<Opened, 'copiesEqual'>, Partial<Pick<Opened, 'copiesEqual'>> {
  /** Of a bundle: how many members were opened. */
  readonly members?: number;
  /** Of a bundle: what stands in its directory and is none of its members. */
  readonly extra?: readonly string[];
  /** Of a bundle that was opened whole: what its own files name and is not in it, such as the model that an adapter is for. */
  readonly incomplete?: readonly Incomplete[];
}

/** Something sealed, of which the key is there: a file, or a bundle. Disposing of it wipes the keys. */
export interface Model<P extends Plaintext> extends AsyncDisposable {
  /** The original name. */
  readonly name: string | undefined;
  readonly need: Need;
  /** Writes all of it, authenticated, into what was made for it. @throws what core throws, NO_SPACE, IO_ERROR */
  pour(into: P, options: PourOptions): Promise<OpenedModel>;
}

/** A sealed file. */
export function fileModel(reader: SealedReader): Model<Inode> {
  return {
    name: reader.name,
    need: { bytes: reader.size },
    async pour(inode, options) {
      await inode.reserve(reader.size);
      const handle: FileHandle = inode.handle;
      return await reader.writeTo(handle, options);
    },
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}
