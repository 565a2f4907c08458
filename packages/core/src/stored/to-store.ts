import { ENVELOPE_NAME, SEALING_NAME } from '../bundle/path.js';
import { throwIfAborted, WeightsealError } from '../errors.js';
import { FLOE_HEADER } from '../format/sizes.js';
import { readExactly } from '../io/byte-source.js';
import { eachListed } from '../store/each-listed.js';
import { findObject } from '../store/find-object.js';
import { able, below, type StoreLocation, uriOf } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import type { StoredObject, WriteCondition } from '../store/object-store.js';
import { ObjectUpload } from '../store/object-upload.js';
import { checkObject, ObjectWriter } from '../store/object-writer.js';
import { codeOf } from '../store/outcome.js';
import { readAhead } from '../store/read-ahead.js';
import { tuned } from '../store/tuning.js';
import { Mark } from './mark.js';
import type { OpenPiece, Piece } from './piece.js';
import type { Place, Put } from './place.js';
import { copyRanges, isSealedHead } from './plan.js';
import { type Compared, compare } from './same.js';

/** An object for a file, or objects below a prefix for a bundle. */
export class StorePlace implements Place {
  readonly #location: StoreLocation;
  readonly #overwrite: boolean;
  /** Of a bundle: what is there already. */
  #there: ReadonlyMap<string, StoredObject> | undefined;
  /** Of a bundle, while it is no whole one. */
  #mark: Mark | undefined;

  private constructor(location: StoreLocation, overwrite: boolean) {
    this.#location = location;
    this.#overwrite = overwrite;
  }

  /** @throws STORE_UNSUPPORTED, INVALID_ARGUMENT, OUTPUT_EXISTS for a prefix below which is something else */
  static async open(
    location: StoreLocation,
    pieces: readonly Piece[],
    kind: 'file' | 'bundle',
    overwrite: boolean,
    signal: AbortSignal | undefined,
  ): Promise<StorePlace> {
    const place = new StorePlace(location, overwrite);
    able(location.store, 'put');
    if (kind === 'file') checkObject(location);
    else {
      place.#there = await found(location, pieces, signal);
      await place.#checkEnvelope(pieces.at(-1)!, signal);
      place.#mark = await Mark.put(location, pieces.at(-1)!, place.#there, signal);
    }
    return place;
  }

  /** Before anything is compared that is not of this bundle. @throws OUTPUT_EXISTS */
  async #checkEnvelope(envelope: Piece, signal: AbortSignal | undefined): Promise<void> {
    const there = this.#there?.get(ENVELOPE_NAME);
    if (!there) return;
    const to = below(this.#location, ENVELOPE_NAME);
    await using open = await envelope.open(signal);
    if (!(await sameAs(open, to, there, signal)).same) throw another(to, ENVELOPE_NAME);
  }

  async put(piece: Piece, signal: AbortSignal, progress: (bytes: number) => void): Promise<Put> {
    const to = piece.path === '' ? this.#location : below(this.#location, piece.path);
    // Another copy of the same may be done by now.
    const known = piece.path === ENVELOPE_NAME ? undefined : this.#there;
    const there = known ? known.get(piece.path) : await findObject(to, signal);
    await using open = await piece.open(signal);
    if (there) {
      const compared = await sameAs(open, to, there, signal);
      if (compared.same) return { ...compared, copied: false };
      if (!this.#overwrite || piece.path === ENVELOPE_NAME) throw another(to, piece.path);
    } else if (piece.path === ENVELOPE_NAME) await this.#mark?.check(signal);
    const condition = there ? { ifVersion: there.version } : ({ ifAbsent: true } as const);
    try {
      const sealed = await writeObject(open, to, condition, signal, progress);
      return { sealed, copied: true };
    } catch (error) {
      // Another copy of the same may have been faster.
      if (codeOf(error) !== 'OUTPUT_EXISTS') throw error;
      const now = await findObject(to, signal);
      const compared = now && (await sameAs(open, to, now, signal));
      if (!compared?.same) throw error;
      return { ...compared, copied: false };
    }
  }

  async publish(): Promise<void> {
    // The bundle is whole: a mark that stays is passed over.
    await this.#mark?.remove().catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** What lies below a prefix that is to become a bundle. @throws OUTPUT_EXISTS for what is no part of that */
async function found(
  location: StoreLocation,
  pieces: readonly Piece[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, StoredObject> | undefined> {
  if (!location.store.list) return undefined;
  const own = new Set(pieces.map(({ path }) => path));
  const from = location.key === '' ? 0 : location.key.length + 1;
  const there = new Map<string, StoredObject>();
  try {
    for await (const one of eachListed(location, { oneLevel: false }, signal)) {
      if ('prefix' in one) continue;
      const path = one.key.slice(from);
      if (own.has(path) || path === SEALING_NAME) there.set(path, one);
      else if (path !== '' && !path.endsWith('/')) throw mixed(location, path);
    }
  } catch (error) {
    if (codeOf(error) === 'STORE_UNSUPPORTED') return undefined;
    throw error;
  }
  return there;
}

async function sameAs(
  { source }: OpenPiece,
  to: StoreLocation,
  there: StoredObject,
  signal: AbortSignal | undefined,
): Promise<Compared> {
  if (there.size !== source.size) return { same: false, sealed: false };
  await using its = ObjectSource.of(to, there);
  return await compare(source, its, signal);
}

/** Returns whether what was copied begins as what is sealed does. */
async function writeObject(
  open: OpenPiece,
  to: StoreLocation,
  condition: WriteCondition,
  signal: AbortSignal,
  progress: (bytes: number) => void,
): Promise<boolean> {
  const { source } = open;
  const { size } = source;
  const options = { size, condition, signal };
  const within =
    source instanceof ObjectSource && source.location.store.uri === to.store.uri ? source : undefined;
  if (within && to.store.upload && size > tuned(to.tuning, to.store).partBytes) {
    const upload = await ObjectUpload.begin(to, options);
    if (!upload.canCopy)
      return await through(open, await ObjectWriter.over(upload, to, options), signal, progress);
    try {
      return await copiedThere(within, upload, signal, progress);
    } catch (error) {
      // Some that speak the language of a store do not know this word of it; and what one of two stores of the same name has, the other need not have.
      if (!['STORE_UNSUPPORTED', 'INPUT_NOT_FOUND'].includes(codeOf(error) ?? '')) throw error;
    }
  }
  return await through(open, await ObjectWriter.create(to, options), signal, progress);
}

async function copiedThere(
  source: ObjectSource,
  given: ObjectUpload,
  signal: AbortSignal,
  progress: (bytes: number) => void,
): Promise<boolean> {
  await using upload = given;
  const head = await readExactly(source, 0, Math.min(source.size, FLOE_HEADER), signal);
  for (const range of copyRanges(upload.rules, source.size))
    await upload.copy({ ...range, from: source.object });
  await upload.complete();
  // Nobody knows how far a store is that copies.
  progress(source.size);
  return isSealedHead(head);
}

async function through(
  open: OpenPiece,
  given: ObjectWriter,
  signal: AbortSignal,
  progress: (bytes: number) => void,
): Promise<boolean> {
  await using writer = given;
  let sealed: boolean | undefined;
  for await (const bytes of readAhead(open.source, 0, open.source.size, signal)) {
    sealed ??= isSealedHead(bytes);
    await writer.write(bytes);
    progress(bytes.length);
  }
  await open.checkAtRest();
  throwIfAborted(signal);
  await writer.complete();
  return sealed ?? false;
}

function another(to: StoreLocation, path: string): WeightsealError {
  const hint =
    path === ENVELOPE_NAME
      ? 'A bundle in a store is not replaced, since somebody may be reading it: choose another name.'
      : 'Choose another name, or allow overwriting (--force; `overwrite: true` in a program).';
  return new WeightsealError('OUTPUT_EXISTS', `${uriOf(to)} exists already, and is another. ${hint}`);
}

function mixed(location: StoreLocation, path: string): WeightsealError {
  return new WeightsealError(
    'OUTPUT_EXISTS',
    `Below ${uriOf(location)} lies ${JSON.stringify(path)}, which is no part of this bundle, and the two would be mixed. Choose another name, or remove what lies there (\`weightseal sweep\` removes bundles that were never finished).`,
  );
}
