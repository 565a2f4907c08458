import { constants } from 'node:fs/promises';
import { ioError, WeightsealError } from '../errors.js';
import { openBelow } from '../io/below/open.js';
import type { Stored } from '../io/below/rules.js';
import { FileSource } from '../io/byte-source.js';
import { isA } from '../io/directory-given.js';
import { Directory } from '../io/output/directory.js';
import { blobsBeside } from './hub-cache.js';

const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** A bundle's directory, opened once: all of the bundle is read in that one. */
export class BundleDirectory implements Stored, AsyncDisposable {
  readonly directory: Directory;
  readonly #blobs: Directory | undefined;

  private constructor(directory: Directory, blobs: Directory | undefined) {
    this.directory = directory;
    this.#blobs = blobs;
  }

  /**
   * @param cached whether it may be a snapshot in a hub's cache, whose files are links: FORMAT.md §24.5. What changes a bundle must not change a cache.
   * @param forFiles the function that takes a sealed file, for the message
   * @throws INPUT_NOT_FOUND, NOT_SEALED, IO_ERROR
   */
  static async open(
    path: string,
    { cached = false, forFiles }: { readonly cached?: boolean; readonly forFiles?: string | undefined },
  ): Promise<BundleDirectory> {
    const directory = await Directory.open(path).catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw ioError(error, `open ${path}`);
      if (forFiles !== undefined && (await isA('file', path))) throw fileGiven(path, forFiles);
      throw notSealed(path, 'is no directory');
    });
    return new BundleDirectory(directory, cached ? await blobsBeside(directory) : undefined);
  }

  get from(): string {
    return this.directory.path;
  }

  get blobs(): string | undefined {
    return this.#blobs?.path;
  }

  /** One of its two documents. @throws what open(2) says, as Node puts it; INVALID_ARGUMENT for what is no regular file */
  async openFile(name: string): Promise<FileSource> {
    const handle = await openBelow(this, name, FLAGS);
    return await FileSource.of(name, handle).catch(async (error: unknown) => {
      await handle.close();
      throw error;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#blobs?.[Symbol.asyncDispose]();
    await this.directory[Symbol.asyncDispose]();
  }
}

function fileGiven(path: string, instead: string): WeightsealError {
  return new WeightsealError(
    'NOT_SEALED',
    `${path} is a file, and this takes a sealed bundle, which is a directory. For a sealed file a program has ${instead}.`,
  );
}

export function notSealed(path: string, why: string): WeightsealError {
  return new WeightsealError(
    'NOT_SEALED',
    `${path} is no sealed bundle: it ${why}. Check the path, or seal the directory first.`,
  );
}
