import { WeightsealError } from '../errors.js';
import { type ByteSource, FileSource } from './byte-source.js';
import { type ByteStream, Feeder, hearErrors } from './feeder.js';

/** What an operation reads: a file by its path, bytes with random access, or a stream. */
export type InputBytes = string | ByteSource | ByteStream;

/** An input that is open. It closes what it opened itself, and tells a stream when no more of it is wanted. */
export class Input implements AsyncDisposable {
  /** The bytes, when they have random access. */
  readonly source: ByteSource | undefined;
  /** The bytes, when they come as a stream. */
  readonly feeder: Feeder | undefined;
  readonly #owned: FileSource | undefined;

  private constructor(
    source: ByteSource | undefined,
    feeder: Feeder | undefined,
    owned: FileSource | undefined,
  ) {
    this.source = source;
    this.feeder = feeder;
    this.#owned = owned;
  }

  /** @throws INVALID_ARGUMENT for what is no input, and what `FileSource.open` throws */
  static async open(input: InputBytes, signal: AbortSignal | undefined): Promise<Input> {
    if (typeof input === 'string') {
      const file = await FileSource.open(input);
      return new Input(file, undefined, file);
    }
    if (isByteSource(input)) return new Input(input, undefined, undefined);
    if (isByteStream(input)) return new Input(undefined, new Feeder(input, signal), undefined);
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'The input is no path, byte source or stream of bytes; give a buffer as `bufferSource(buffer)`.',
    );
  }

  /** Bytes, where that is known before the end. */
  get size(): number | undefined {
    return this.source?.size;
  }

  /** The file, when the input is a local one. */
  get file(): FileSource | undefined {
    return this.source instanceof FileSource ? this.source : undefined;
  }

  /** @throws INPUT_CHANGED when a file is no longer as it was when it was opened */
  async checkUnchanged(): Promise<void> {
    await this.file?.checkUnchanged();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.feeder?.[Symbol.asyncDispose]();
    await this.#owned?.[Symbol.asyncDispose]();
  }
}

/**
 * For what is read later, or never: hears an input stream's errors from now on. The returned function tells the stream that no more of it is
 * wanted, when nothing was read.
 */
export function attend(input: InputBytes): () => Promise<void> {
  if (!isByteStream(input)) return () => Promise.resolve();
  hearErrors(input);
  return async () => {
    // One that somebody else reads is theirs.
    if (!('locked' in input && input.locked)) await new Feeder(input, undefined)[Symbol.asyncDispose]();
  };
}

function isByteSource(input: unknown): input is ByteSource {
  if (typeof input !== 'object' || input === null || !('read' in input) || !('size' in input)) return false;
  if (typeof input.read !== 'function') return false;
  if (Number.isSafeInteger(input.size) && (input.size as number) >= 0) return true;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    "The byte source's size must be a whole number of bytes below 2^53.",
  );
}

function isByteStream(input: unknown): input is ByteStream {
  return typeof input === 'object' && input !== null && Symbol.asyncIterator in input;
}
