import { OutputFile } from '../io/output/output-file.js';
import { StagedFile } from '../io/output/staged-file.js';
import { codeOf } from '../store/outcome.js';
import type { CopyChecks, Expected } from './checks.js';
import type { Piece } from './piece.js';
import type { Place, Put } from './place.js';
import { isLong, type Progress, pour, pourLong } from './pour.js';
import { comparedTo, PARTIAL, untilExpected } from './put.js';

/** A file, and what stands beside it. */
export class FilePlace implements Place {
  readonly #path: string;
  readonly #overwrite: boolean;
  readonly #checks: CopyChecks | undefined;

  constructor(path: string, overwrite: boolean, checks?: CopyChecks) {
    this.#path = path;
    this.#overwrite = overwrite;
    this.#checks = checks;
  }

  async put(piece: Piece, signal: AbortSignal, progress: Progress): Promise<Put> {
    const { path } = piece;
    return await untilExpected(path, this.#checks, progress, (expected, told) =>
      this.#put(piece, expected, signal, told),
    );
  }

  async #put(
    piece: Piece,
    expected: Expected | undefined,
    signal: AbortSignal,
    progress: Progress,
  ): Promise<Put> {
    const path = this.#path + piece.path;
    await using from = await piece.open(signal);
    const compared = await comparedTo(path, from, signal, expected);
    if (compared?.same) {
      this.#checks?.onPresent?.(piece.path, 'present', piece.size);
      return { ...compared, copied: false };
    }
    const { source } = from;
    if (isLong(source)) {
      await using staged = await StagedFile.create(path, this.#overwrite);
      const at = {
        path: staged.at(PARTIAL),
        name: path,
        move: (made: string) => staged.publish(made),
        onPresent: (bytes: number) => this.#checks?.onPresent?.(piece.path, 'present', bytes),
      };
      const sealed = await pourLong(source, at, signal, progress, expected).catch((error: unknown) => {
        if (codeOf(error) === 'INPUT_CHANGED' && !expected) staged.discard();
        throw error;
      });
      return { sealed, copied: true };
    }
    await using file = await OutputFile.create(path, this.#overwrite, 0o666);
    const sealed = await pour(from, (bytes, at) => file.write(bytes, at), signal, progress, expected);
    await file.publish();
    return { sealed, copied: true };
  }

  async check(piece: Piece, signal: AbortSignal | undefined): Promise<void> {
    const path = this.#path + piece.path;
    await using from = await piece.open(signal);
    if ((await comparedTo(path, from, signal, this.#checks?.expected(piece.path)))?.same) return;
    await using _possible = await OutputFile.create(path, this.#overwrite, 0o666);
  }

  publish(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
