import type { Directory, FileSource, InputBytes, StoreLocation } from '@weightseal/core';
import { fs, path as paths } from './builtins.js';
import { core } from './core.js';
import type { Place } from './place.js';
import { stdin } from './stdin.js';

const SOME_BYTES = 1_048_576;
/** What file systems have and a sealed file cannot keep. */
const NO_NAME = /[\\\p{Cc}]/u;

/**
 * What is to be sealed. Its directory is opened once: for whom it is sealed is chosen by where that lies, and what is sealed is the name in it,
 * whoever puts a link into the path between the two.
 */
export class PlainInput implements AsyncDisposable {
  /** For the rules of a configuration; undefined for standard input, and for what is in a store. */
  readonly place: string | undefined;
  /** As the command line has it, for messages. */
  readonly #path: string;
  readonly #directory: Directory | undefined;
  readonly #location: StoreLocation | undefined;
  #file: FileSource | undefined;

  private constructor(
    path: string,
    place: string | undefined,
    directory: Directory | undefined,
    location?: StoreLocation,
  ) {
    this.#path = path;
    this.place = place;
    this.#directory = directory;
    this.#location = location;
  }

  /** @throws INPUT_NOT_FOUND, IO_ERROR */
  static async at({ text: path, location }: Pick<Place, 'text' | 'location'>): Promise<PlainInput> {
    if (path === '-' || location) return new PlainInput(path, undefined, undefined, location);
    const library = await core();
    const { directory, name } = await library.Directory.above(path).catch((error: unknown) => {
      throw library.ioError(error, `open ${path}`);
    });
    return new PlainInput(path, directory.fd === undefined ? path : directory.at(name), directory);
  }

  /** The bytes, and the name of the file that they come from. @throws INPUT_NOT_FOUND, IO_ERROR, INVALID_ARGUMENT */
  async open(): Promise<{ readonly bytes: InputBytes; readonly name: string | undefined }> {
    if (this.#location) return { bytes: this.#location, name: undefined };
    if (this.place === undefined) return { bytes: stdin(), name: undefined };
    const library = await core();
    const { O_RDONLY, O_NONBLOCK } = fs.constants;
    // Non-blocking, or opening a pipe would wait for its other end.
    const handle = await fs.promises
      .open(this.place, O_RDONLY | (O_NONBLOCK ?? 0))
      .catch((error: unknown) => {
        throw library.ioError(error, `open ${this.#path}`);
      });
    try {
      this.#file = await library.FileSource.of(this.#path, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
    const first = await this.#file.firstBytes();
    if (!first) return { bytes: this.#file, name: undefined };
    const name = paths.basename(this.#path);
    return { bytes: toItsEnd(this.#file, first), name: NO_NAME.test(name) ? undefined : name };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]();
    await this.#directory?.[Symbol.asyncDispose]();
  }
}

/** Of a file that says it has 0 bytes and gives more. */
async function* toItsEnd(file: FileSource, first: Uint8Array): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let bytes = first; bytes.length > 0; bytes = await file.readSome(at, SOME_BYTES)) {
    yield bytes;
    at += bytes.length;
  }
}
