import { WeightsealError } from '../errors.js';
import { ENVELOPE_NAME, SEALING_NAME } from '../format/path.js';
import { eachListed } from '../store/each-listed.js';
import { findObject } from '../store/find-object.js';
import { able, below, type StoreLocation, uriOf } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import type { StoredObject } from '../store/object-store.js';
import { checkObject } from '../store/object-writer.js';
import { codeOf } from '../store/outcome.js';
import { Mark } from './mark.js';
import type { OpenPiece, Piece } from './piece.js';
import type { Place, Put } from './place.js';
import { type Compared, compare } from './same.js';
import { writeObject } from './write-object.js';

/** An object for a file and for each that stands beside it, or objects below a prefix for a bundle. */
export class StorePlace implements Place {
  readonly #location: StoreLocation;
  readonly #kind: 'file' | 'bundle';
  readonly #overwrite: boolean;
  /** Of a bundle: what is there already. */
  #there: ReadonlyMap<string, StoredObject> | undefined;
  /** Of a bundle, while it is no whole one. */
  #mark: Mark | undefined;

  private constructor(location: StoreLocation, kind: 'file' | 'bundle', overwrite: boolean) {
    this.#location = location;
    this.#kind = kind;
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
    const place = new StorePlace(location, kind, overwrite);
    able(location.store, 'put');
    if (kind === 'file') checkObject(location);
    else {
      const whole = await place.#isThere(pieces.at(-1)!, signal);
      place.#mark = whole ? undefined : await Mark.put(location, pieces.at(-1)!, signal);
      place.#there = await found(location, pieces, signal).catch(async (error: unknown) => {
        await place.#mark?.undo().catch(() => {});
        throw error;
      });
    }
    return place;
  }

  /** Whether the bundle is there as a whole, but for files that are missing. @throws OUTPUT_EXISTS for another bundle */
  async #isThere(envelope: Piece, signal: AbortSignal | undefined): Promise<boolean> {
    const to = below(this.#location, ENVELOPE_NAME);
    const there = await findObject(to, signal);
    if (!there) return false;
    await using open = await envelope.open(signal);
    if ((await sameAs(open, to, there, signal)).same) return true;
    throw another(to, ENVELOPE_NAME);
  }

  async put(piece: Piece, signal: AbortSignal, progress: (bytes: number) => void): Promise<Put> {
    const to = this.#placeOf(piece.path);
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
      const sealed = await writeObject({ open, to, signal, progress }, condition);
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

  async check(piece: Piece, signal: AbortSignal | undefined): Promise<void> {
    if (this.#overwrite) return;
    const to = this.#placeOf(piece.path);
    const there = await findObject(to, signal);
    if (!there) return;
    await using open = await piece.open(signal);
    if (!(await sameAs(open, to, there, signal)).same) throw another(to, piece.path);
  }

  #placeOf(path: string): StoreLocation {
    const at = this.#location;
    return this.#kind === 'file' ? { ...at, key: at.key + path } : below(at, path);
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
