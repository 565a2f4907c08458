import {
  type ByteSource,
  checkKinds,
  checkPath,
  FileSource,
  filePath,
  type InputAnywhere,
  type OnProgress,
  openReader,
  type ReaderOptions,
  type ReadOptions,
  type SealedReader,
  throwIfAborted,
  type UnlockOptions,
  WeightsealError,
} from '@weightseal/core';
import { openBundleModel } from './bundle.js';
import { lookAt } from './bundle-at.js';
import type { Inode } from './inode.js';
import { loadTree } from './load-bundle.js';
import { LoadedModel } from './loaded.js';
import { fileModel } from './model.js';
import { fileName } from './names.js';
import { type Chosen, choosePlace, type PlaceOptions } from './place/choose.js';
import { abandon, byDescriptor, type Space } from './place/space.js';
import { sweepOnce } from './sweep.js';

export interface LoadOptions extends UnlockOptions, ReadOptions, PlaceOptions {
  /** The file name in `path`; the default is the original one where it is harmless. Libraries choose a parser by its extension. */
  readonly name?: string | undefined;
  /** Whether to compute the plaintext's SHA-256 too and compare it with the sealed one. Every byte is authenticated without that. */
  readonly digest?: boolean | undefined;
  /** Of a bundle: globs of the members that are wanted, all of them unless told. Others need not even be there. */
  readonly only?: readonly string[] | undefined;
  /** Of a bundle: globs of files that may stand in its directory although its table does not name them; `true` for any. They are not read. */
  readonly allowExtra?: boolean | readonly string[] | undefined;
  /**
   * Of a bundle: whether it is opened although a file of it names others that are not in it, and without which it cannot be loaded: shards that an index names, the tensors of an ONNX model. The
   * default is false: BUNDLE_INCOMPLETE. With `only` that is not looked for.
   */
  readonly allowIncomplete?: boolean | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Opens a sealed file, or a bundle, into memory, for this process. Resolves when every byte is there and authenticated; when it throws, nothing is left. One call to a key,
 * and segments in parallel.
 *
 * @param source a path, a `file:` URL, a place in a store, or bytes with random access; a directory is a bundle, and so is a prefix in a store with an envelope below it
 * @throws what `openReader` or `openBundle` throws, BUNDLE_INCOMPLETE, MEMORY_LIMIT, NO_SPACE, MEMORY_FS_REQUIRED, SWAP_POSSIBLE, IO_ERROR
 */
export async function load(given: InputAnywhere, options: LoadOptions): Promise<LoadedModel> {
  checkLoad(options, 'load');
  const source = filePath(given);
  const found = await lookAt(source, options);
  if ('bundle' in found) {
    const { bundle } = found;
    await sweepOnce(options.directory);
    await using model = await openBundleModel(bundle, options);
    return await loadTree(model, bundle, options);
  }
  checkOfFile(options);
  const { file } = found;
  // What was given as a path is opened once, and closed here.
  await using owned = typeof file === 'string' ? await FileSource.open(file) : undefined;
  const { opening, size } = await begin(owned ?? (file as ByteSource), options);
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
    const { digest, onProgress, signal } = options;
    const opened = await fileModel(reader).pour(inode, { digest, onProgress, signal });
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
  'trust',
  'hedgeMs',
  'concurrency',
  'requestBytes',
  'signal',
];

/** What `openReader` takes of the options. */
export function readingOf({
  keys,
  context,
  trust,
  hedgeMs,
  concurrency,
  requestBytes,
  signal,
}: UnlockOptions & ReadOptions): UnlockOptions & ReadOptions {
  return { keys, context, trust, hedgeMs, concurrency, requestBytes, signal };
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
    allowIncomplete: 'boolean',
  } as const;
  const taken = [...READING, 'name', 'digest', 'only', 'allowExtra', 'onProgress'];
  checkKinds(options, of, own, taken, true);
  if (options.directory !== undefined) checkPath(options.directory, 'The option `directory`');
}

const OF_BUNDLES = ['only', 'allowExtra', 'allowIncomplete', 'index'] as const;

/** What only a bundle can be asked for. @throws INVALID_ARGUMENT */
export function checkOfFile(options: { readonly [name in (typeof OF_BUNDLES)[number]]?: unknown }): void {
  const given = OF_BUNDLES.find((name) => options[name] !== undefined && options[name] !== false);
  if (given === undefined) return;
  throw new WeightsealError('INVALID_ARGUMENT', `\`${given}\` is about members, and this is no bundle.`);
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
