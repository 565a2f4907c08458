import {
  type ByteSource,
  type Context,
  checkKinds,
  checkPath,
  FileSource,
  filePath,
  type OnProgress,
  type Opened,
  openReader,
  type ReaderOptions,
  type ReadOptions,
  type SealedReader,
  throwIfAborted,
  type UnlockOptions,
  WeightsealError,
} from '@weightseal/core';
import type { Inode } from './inode.js';
import { fileName } from './names.js';
import { type Chosen, choosePlace, type PlaceOptions } from './place/choose.js';
import { abandon, byDescriptor, type Placement, type Space } from './place/space.js';
import type { Released } from './plaintext.js';
import { sweepOnce } from './sweep.js';

export interface LoadOptions extends UnlockOptions, ReadOptions, PlaceOptions {
  /** The file name in `path`; the default is the original one where it is harmless. Libraries choose a parser by its extension. */
  readonly name?: string | undefined;
  /** Whether to compute the plaintext's SHA-256 too and compare it with the sealed one. Every byte is authenticated without that. */
  readonly digest?: boolean | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Plaintext in memory, whole and authenticated, until it is disposed of: `await using model = await load(…)`. */
export class LoadedModel implements AsyncDisposable {
  /** A path that this process, and others of the same user, can open and map. */
  readonly path: string;
  /** All that the file says of itself: id, name, when it was sealed, whether the digest was compared. */
  readonly opened: Opened;
  readonly placement: Placement;
  readonly #inode: Inode;
  readonly #space: Space<Inode>;
  readonly #reading: Promise<unknown>[] = [];
  #disposed: Promise<Released> | undefined;

  /** @internal */
  constructor(opened: Opened, { place, placement }: Chosen<Space<Inode>>, path: string) {
    this.opened = opened;
    this.placement = placement;
    this.path = path;
    live.add(place);
    this.#space = place;
    this.#inode = place.plaintext;
  }

  /** Bytes of plaintext. */
  get size(): number {
    return this.opened.size;
  }

  /** `sha256:…` of the plaintext, as it was sealed; undefined when it was sealed without. */
  get digest(): string | undefined {
    return this.opened.digest;
  }

  get context(): Context {
    return this.opened.context;
  }

  /**
   * The bytes, for libraries that take those; a new copy each time, which is the caller's.
   *
   * @throws INVALID_ARGUMENT after it was disposed of
   */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#disposed)
      throw new WeightsealError('INVALID_ARGUMENT', 'The model was disposed of; load it again.');
    const reading = this.#read();
    this.#reading.push(reading.catch(() => {}));
    return await reading;
  }

  async #read(): Promise<Uint8Array<ArrayBuffer>> {
    const { handle } = this.#inode;
    const out = new Uint8Array(this.size);
    for (let done = 0; done < out.length; ) {
      // In pieces that do not keep a thread of the system's pool for long.
      const { bytesRead } = await handle.read(out, done, Math.min(out.length - done, PIECE), done);
      if (bytesRead === 0)
        throw new WeightsealError('INPUT_CHANGED', `${this.path} was cut by somebody else.`);
      done += bytesRead;
    }
    return out;
  }

  /** Waits for `bytes()` under way, takes the path away, wipes the bytes unless a process maps them or has them open, and says what was done. Safe to call twice. */
  dispose(): Promise<Released> {
    this.#disposed ??= Promise.all(this.#reading).then(() => end(this.#space));
    return this.#disposed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

const PIECE = 16 * 1_048_576;
/** Whoever keeps only the path must not lose the file to the garbage collector, which would close it. */
const live = new Set<Space>();

async function end(space: Space): Promise<Released> {
  try {
    return await space.plaintext.release(true);
  } finally {
    live.delete(space);
    await space[Symbol.asyncDispose]();
  }
}

/**
 * Opens a sealed file into memory, for this process. Resolves when every byte is there and authenticated; when it throws, nothing is left. One call to a key,
 * and segments in parallel.
 *
 * @param source a path, a `file:` URL, or bytes with random access
 * @throws what `openReader` throws, MEMORY_LIMIT, NO_SPACE, MEMORY_FS_REQUIRED, SWAP_POSSIBLE, IO_ERROR
 */
export async function load(given: string | URL | ByteSource, options: LoadOptions): Promise<LoadedModel> {
  checkLoad(options, 'load');
  const source = filePath(given);
  await using owned = typeof source === 'string' ? await FileSource.open(source) : undefined;
  const { opening, size } = await begin(owned ?? (source as ByteSource), options);
  const sweeping = sweepOnce(options.directory);
  // The key is asked while the place is made.
  const [reading, choosing] = await Promise.allSettled([opening, choosePlace(size, options)]);
  await sweeping;
  await using reader = reading.status === 'fulfilled' ? reading.value : undefined;
  if (choosing.status === 'rejected') throw choosing.reason;
  const chosen = choosing.value;
  try {
    if (!reader) throw (reading as PromiseRejectedResult).reason;
    const { plaintext: inode } = chosen.place;
    if (reader.size !== size)
      throw new WeightsealError(
        'INPUT_CHANGED',
        'The sealed file changed while it was being opened; try again.',
      );
    await inode.reserve(reader.size);
    const { digest, onProgress, signal } = options;
    const opened = await reader.writeTo(inode.handle, { digest, onProgress, signal });
    throwIfAborted(signal);
    return new LoadedModel(
      opened,
      chosen,
      await pathFor(chosen, fileName(options.name, reader.name, source)),
    );
  } catch (error) {
    await abandon(chosen.place);
    throw error;
  }
}

export const READING: readonly string[] = [
  'keys',
  'context',
  'hedgeMs',
  'concurrency',
  'requestBytes',
  'signal',
];

/** What `openReader` takes of the options. */
export function readingOf({
  keys,
  context,
  hedgeMs,
  concurrency,
  requestBytes,
  signal,
}: UnlockOptions & ReadOptions): UnlockOptions & ReadOptions {
  return { keys, context, hedgeMs, concurrency, requestBytes, signal };
}

/** What the places and the loader's functions take, too. @throws INVALID_ARGUMENT */
export function checkLoad(
  options: LoadOptions,
  of: string,
  more: Parameters<typeof checkKinds>[2] = {},
): void {
  const own = {
    ...more,
    where: 'any',
    directory: 'path',
    allowDisk: 'boolean',
    requireNoSwap: 'boolean',
    memoryAllowance: 'any',
    nameless: 'boolean',
    owner: 'any',
    allowExec: 'boolean',
  } as const;
  checkKinds(options, of, own, [...READING, 'name', 'digest', 'onProgress'], true);
  if (options.directory !== undefined) checkPath(options.directory, 'The option `directory`');
}

/** Opens the file, and resolves when its size is known, before a key is asked. The head is read once. */
async function begin(
  source: ByteSource,
  options: ReaderOptions,
): Promise<{ opening: Promise<SealedReader>; size: number }> {
  const { promise: sized, resolve: onSize } = Promise.withResolvers<number>();
  const opening = openReader(source, { ...readingOf(options), whole: true, onSize });
  // What it throws before that is thrown here, and later where it is waited for.
  const first = await Promise.race([sized, opening]);
  return { opening, size: typeof first === 'number' ? first : first.size };
}

async function pathFor({ place: space, placement }: Chosen<Space<Inode>>, name: string): Promise<string> {
  if (placement.nameless) return byDescriptor(space.plaintext.handle);
  await space.plaintext.show(`${space.directory}/${name}`);
  return space.pathOf(name);
}
