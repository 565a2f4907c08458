import { basename } from 'node:path';
import { filePath } from '../common/arguments.js';
import { nameOf } from '../common/kinds.js';
import { warmFor } from '../engine/pass.js';
import { WeightsealError } from '../errors.js';
import { type ByteSource, FileSource, needsSize } from '../io/byte-source.js';
import { type ByteStream, Feeder, hearErrors } from '../io/feeder.js';
import { checkAtRest } from '../io/moved-times.js';
import { checkReads, type ReadOptions, readsOf } from '../io/reads.js';
import type { ReleasePlace } from '../keys/release-judge.js';
import { isLocation, type StoreLocation } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import { besideFile, besideObject } from '../store/release-document.js';

const STREAM_BYTES = 1_048_576;

/** What an operation reads: a file by its path or `file:` URL, an object in a store, bytes with random access, or a stream. */
export type InputBytes = string | URL | StoreLocation | ByteSource | ByteStream;

/** The same, with random access. */
export type InputAnywhere = string | URL | StoreLocation | ByteSource;

/** How an input is opened. */
export interface InputOptions extends ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

/** An input that is open. It closes what it opened itself, and tells a stream when no more of it is wanted. */
export class Input implements AsyncDisposable {
  /** The bytes, when they have random access. */
  readonly source: ByteSource | undefined;
  /** The bytes, when they come as a stream. */
  readonly feeder: Feeder | undefined;
  /** How the bytes are to be read, where that is neither by threads nor as a stream. */
  readonly reads: ReadOptions | undefined;
  readonly #owned: FileSource | ObjectSource | undefined;

  private constructor(
    source: ByteSource | undefined,
    feeder: Feeder | undefined,
    owned: FileSource | ObjectSource | undefined,
    reads?: ReadOptions,
  ) {
    this.source = source;
    this.feeder = feeder;
    this.reads = reads;
    this.#owned = owned;
  }

  /** @param forDirectories the function that takes one, for the message. @throws INVALID_ARGUMENT for what is no input, and what `FileSource.open` or `ObjectSource.open` throws */
  static async open(given: InputBytes, options: InputOptions, forDirectories?: string): Promise<Input> {
    const { signal } = options;
    const asked = checkReads(options);
    const input = filePath(given);
    if (typeof input === 'string') {
      const file = await FileSource.openAny(input, undefined, forDirectories);
      try {
        const first = await file.firstBytes();
        if (!first) return new Input(file, undefined, file);
        return new Input(undefined, new Feeder(toItsEnd(file, first), signal), file);
      } catch (error) {
        await file[Symbol.asyncDispose]();
        throw error;
      }
    }
    if (isLocation(input)) {
      const object = await ObjectSource.open(input, { ...asked, signal });
      return new Input(object, undefined, object, readsOf(object, {}));
    }
    if (isByteSource(input)) {
      const reads = readsOf(input, asked);
      return new Input(input, undefined, undefined, input instanceof FileSource ? undefined : reads);
    }
    if (isByteStream(input)) return new Input(undefined, new Feeder(input, signal), undefined);
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `The input is no path, file: URL, place in a store, byte source or stream of bytes, and is ${nameOf(input)}; give a buffer as \`bufferSource(buffer)\`.`,
    );
  }

  /** Bytes, where that is known before the end. */
  get size(): number | undefined {
    return this.source?.size;
  }

  /** The file, when the input is a local one with random access. */
  get file(): FileSource | undefined {
    return this.source instanceof FileSource ? this.source : undefined;
  }

  /** What messages call it: the path of a local file, the URI of an object. */
  get where(): string | undefined {
    const known = this.#owned ?? this.source;
    if (known instanceof ObjectSource) return known.uri;
    return known instanceof FileSource ? known.path : undefined;
  }

  /** Where the documents of its release are: beside it, where it has a place. */
  get release(): ReleasePlace | undefined {
    const known = this.#owned ?? this.source;
    if (known instanceof ObjectSource) return besideObject(known.location);
    return known instanceof FileSource ? besideFile(known.path) : undefined;
  }

  /** The name of the file or the object. */
  get name(): string | undefined {
    const known = this.source instanceof ObjectSource ? this.source.object.key : this.where;
    return known === undefined ? undefined : basename(known);
  }

  /** Threads take a while to start: they do while a key is asked. */
  warm(): void {
    if (this.source instanceof FileSource || this.source instanceof ObjectSource) warmFor(this.source.size);
  }

  /** @throws INVALID_ARGUMENT when the bytes can only be read from their beginning to their end */
  get anywhere(): ByteSource {
    if (this.source) return this.source;
    if (this.where !== undefined) throw needsSize(this.where);
    throw new WeightsealError('INVALID_ARGUMENT', 'This needs random access; give a file or a byte source.');
  }

  /** For sealed input, of which every byte is authenticated. @throws INPUT_CHANGED when a file has another size than when it was opened */
  async checkSize(): Promise<void> {
    await this.file?.checkSize();
  }

  /**
   * For plaintext, which nothing authenticates before it is sealed.
   *
   * @param digest `sha256:…` of what was read, where it is known
   * @throws INPUT_CHANGED when a file is not, or may not be, what was read
   */
  async checkAtRest(digest: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    if (this.file) await checkAtRest(this.file, digest, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.feeder?.[Symbol.asyncDispose]();
    await this.#owned?.[Symbol.asyncDispose]();
  }
}

/** What comes of a file whose size nobody knows. */
async function* toItsEnd(file: FileSource, first: Uint8Array): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let bytes = first; bytes.length > 0; bytes = await file.readSome(at, STREAM_BYTES)) {
    yield bytes;
    at += bytes.length;
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
