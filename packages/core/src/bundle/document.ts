import { isWeightsealError, type WeightsealError } from '../errors.js';
import { FileSource, readExactly } from '../io/byte-source.js';
import { openLocked } from '../io/lock/file-lock.js';
import { OutputFile } from '../io/output/output-file.js';
import { isLocation, type StoreLocation } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import { putDocument } from '../store/put-document.js';
import { checkStill } from './rewrap.js';

/** Where a small document is: a file, or an object. */
export type DocumentAt = string | StoreLocation;

export interface DocumentOptions {
  readonly mostBytes: number;
  /** What is thrown for one of more bytes. */
  tooLong(): WeightsealError;
  readonly signal?: AbortSignal | undefined;
}

/** All of it; undefined where there is none. @throws what `tooLong` gives, and what the place throws */
export async function readDocument(
  at: DocumentAt,
  options: DocumentOptions,
): Promise<Uint8Array | undefined> {
  const { signal } = options;
  const source = await orNone<FileSource | ObjectSource>(
    isLocation(at) ? ObjectSource.open(at, { signal }) : FileSource.open(at),
  );
  if (!source) return undefined;
  await using _source = source;
  return await contentOf(source, options);
}

/**
 * Puts another one in its place, in one step. Of two at once on a disk the second begins when the first is done; in a store it is told INPUT_CHANGED, or OUTPUT_EXISTS where there was none.
 *
 * @throws what `change` and `tooLong` give, and what the place throws
 */
export async function changeDocument(
  at: DocumentAt,
  change: (before: Uint8Array | undefined) => Promise<Uint8Array>,
  options: DocumentOptions,
): Promise<void> {
  if (isLocation(at)) await changeObject(at, change, options);
  else await changeFile(at, change, options);
}

type Change = Parameters<typeof changeDocument>[1];

async function changeObject(at: StoreLocation, change: Change, options: DocumentOptions): Promise<void> {
  const { signal } = options;
  const source = await orNone(ObjectSource.open(at, { signal }));
  await using _source = source;
  const after = await change(source && (await contentOf(source, options)));
  const condition = source ? { ifVersion: source.object.version } : { ifAbsent: true as const };
  await putDocument(at, after, condition, signal);
}

async function changeFile(path: string, change: Change, options: DocumentOptions): Promise<void> {
  const { signal } = options;
  const locked = await orNone(openLocked(path, false, { signal }));
  await using _locked = locked;
  const before = locked && (await contentOf(locked.file, options));
  const after = await change(before);
  const create = () => OutputFile.create(path, false, 0o666);
  await using out = locked ? await OutputFile.replacing(locked.file) : await create();
  await out.write(after, 0);
  if (locked) await out.keepMode(locked.file);
  await out.sync();
  if (locked) await checkStill(locked.file, before!);
  await out.publish();
}

async function contentOf(
  source: FileSource | ObjectSource,
  { mostBytes, tooLong, signal }: DocumentOptions,
): Promise<Uint8Array> {
  if (source.size > mostBytes) throw tooLong();
  return await readExactly(source, 0, source.size, signal);
}

async function orNone<T>(opening: Promise<T>): Promise<T | undefined> {
  return await opening.catch((error: unknown) => {
    if (isWeightsealError(error) && error.code === 'INPUT_NOT_FOUND') return undefined;
    throw error;
  });
}
