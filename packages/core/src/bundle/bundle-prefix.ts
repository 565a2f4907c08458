import { invalidArgument } from '../common/arguments.js';
import { atOnce } from '../engine/at-once.js';
import { isWeightsealError } from '../errors.js';
import { ENVELOPE_NAME, isReserved, MAX_ENVELOPE, TABLE_NAME } from '../format/path.js';
import { bufferSource, loadRange, readExactly } from '../io/byte-source.js';
import { Life } from '../io/life.js';
import type { Reads } from '../io/reads.js';
import type { ReleaseDocument } from '../keys/release-judge.js';
import { indexAll } from '../store/list-all.js';
import { below, type StoreLocation, uriOf } from '../store/location.js';
import type { Indexed, ObjectIndex } from '../store/object-index.js';
import { ObjectSource } from '../store/object-source.js';
import type { StoredObject } from '../store/object-store.js';
import { documentAt } from '../store/release-document.js';
import { tuned } from '../store/tuning.js';
import { notSealed } from './bundle-directory.js';
import { type Entry, fileOf, isFile } from './entry.js';
import { extraObjects } from './extra-objects.js';
import { checkEnvelopeSize } from './head.js';
import { memberMissing, memberTampered } from './member-error.js';
import { fileSizeOf } from './member-payload.js';
import { SMALL_AT_ONCE, shareOf } from './shares.js';
import type { AtOnce, BundleStorage, OpenFile, SmallFiles, StoredFile } from './storage.js';

/** Tables up to this size come with their first answer. */
const FIRST_TABLE = 8 * 1_048_576;

/** Members that are one request, whatever is read of them. */
const WHOLE = 1_048_576;

/**
 * The objects of a bundle under a prefix. One listing says of all of them how long they are and of what version, and is under way while the envelope is read. Where a store lists nothing,
 * members are looked for when they are read, and what else is there is never seen.
 */
export class BundlePrefix implements BundleStorage {
  readonly name: string;
  readonly #location: StoreLocation;
  readonly #reads: Reads;
  readonly #life = new Life(() => invalidArgument('The bundle has been closed; open it again.'));
  readonly #listing: Promise<ObjectIndex | undefined>;
  #again: Promise<ObjectIndex | undefined> | undefined;

  private constructor(location: StoreLocation, signal: AbortSignal | undefined, lists: boolean) {
    this.name = uriOf(location);
    this.#location = location;
    this.#reads = tuned(location.tuning, location.store);
    this.#listing = lists
      ? this.#life.whileOpen(signal, (either) => indexAll(location, either))
      : Promise.resolve(undefined);
    // Whoever needs it sees what it failed with.
    this.#listing.catch(() => {});
  }

  /** @param lists whether it is needed what there is */
  static open(location: StoreLocation, signal?: AbortSignal, lists = true): BundlePrefix {
    return new BundlePrefix(location, signal, lists);
  }

  async readEnvelope(signal: AbortSignal | undefined): Promise<Uint8Array> {
    return (await this.openEnvelope(signal)).document;
  }

  /** The envelope, and the version that it is of. @throws NOT_SEALED, ENVELOPE_INVALID */
  async openEnvelope(
    signal: AbortSignal | undefined,
  ): Promise<{ readonly document: Uint8Array; readonly object: StoredObject }> {
    await using source = await this.#find(ENVELOPE_NAME, MAX_ENVELOPE, signal).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
      throw notSealed(this.name, `has no ${ENVELOPE_NAME}`);
    });
    checkEnvelopeSize(source.size);
    return { document: await readExactly(source, 0, source.size, signal), object: source.object };
  }

  async openTable(size: number, signal: AbortSignal | undefined): Promise<OpenFile> {
    return await this.#find(TABLE_NAME, Math.min(size, FIRST_TABLE), signal).catch((error: unknown) => {
      throw isMissing(error) ? memberMissing(TABLE_NAME) : error;
    });
  }

  async readDocument(
    name: ReleaseDocument,
    mostBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array | undefined> {
    return await documentAt(below(this.#location, name), name, mostBytes, signal);
  }

  #find(name: string, first: number, signal: AbortSignal | undefined): Promise<ObjectSource> {
    return ObjectSource.open(below(this.#location, name), { signal, first });
  }

  /** A small one is brought whole: who opens it reads its head, and more. */
  async openMember(file: string, size: number, signal: AbortSignal | undefined): Promise<OpenFile> {
    const source = await this.object(file, size, signal);
    if (size === 0 || size > WHOLE) return source;
    await using _source = source;
    const bytes = await readExactly(source, 0, size, signal);
    return { ...bufferSource(bytes), [Symbol.asyncDispose]: () => Promise.resolve() };
  }

  /** The object of a member, of which nothing need have been read. @throws MEMBER_MISSING, MEMBER_TAMPERED */
  async object(file: string, size: number, signal: AbortSignal | undefined): Promise<ObjectSource> {
    const listed = await this.#listed(file);
    if (listed) {
      const at = below(this.#location, file);
      return ObjectSource.of(at, { key: at.key, ...sound(listed.object, file, size) });
    }
    const source = await this.#find(
      file,
      Math.min(Math.max(1, size), this.#reads.requestBytes),
      signal,
    ).catch((error: unknown) => {
      throw isMissing(error) ? memberMissing(file) : error;
    });
    sound(source.object, file, size);
    return source;
  }

  async lookAt(entries: readonly Entry[], records: SharedArrayBuffer): Promise<void> {
    if (!(await this.#listing)) return;
    for (const entry of entries) {
      if (!isFile(entry)) continue;
      const file = fileOf(entry);
      sound((await this.#listed(file))?.object, file, fileSizeOf(entry, records));
    }
  }

  /** What the listing says of an object. What was made while it was listed may have been missed: for what is missing, all is listed once more. */
  async #listed(file: string): Promise<{ readonly object: Indexed | undefined } | undefined> {
    const objects = await this.#listing;
    if (!objects) return undefined;
    const object = objects.get(file);
    if (object) return { object };
    this.#again ??= this.#life.whileOpen(undefined, (signal) => indexAll(this.#location, signal));
    this.#again.catch(() => {});
    return { object: (await this.#again)?.get(file) };
  }

  async findExtra(entries: readonly Entry[], allowed: boolean | readonly string[]): Promise<string[]> {
    const objects = await this.#listing;
    return objects ? extraObjects(objects, entries, allowed) : [];
  }

  async files(): Promise<StoredFile[] | undefined> {
    const objects = await this.#listing;
    if (!objects) return undefined;
    return [...objects]
      .filter(([path]) => !isReserved(path))
      .map(([path, { size }]) => ({ path, sealedSize: size }));
  }

  async small(
    entries: readonly Entry[],
    records: SharedArrayBuffer,
    signal: AbortSignal | undefined,
  ): Promise<SmallFiles> {
    const bytes: Uint8Array[] = [];
    await atOnce(entries.entries(), entries.length, signal, async ([at, entry]) => {
      bytes[at] = await this.#bring(fileOf(entry), fileSizeOf(entry, records), signal);
    });
    return { from: '', bytes };
  }

  /** Into memory that a thread shares. */
  async #bring(file: string, size: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    await using source = await this.object(file, size, signal);
    const bytes = new Uint8Array(new SharedArrayBuffer(size));
    if (size > 0) await loadRange(source, 0, bytes, signal);
    return bytes;
  }

  atOnce(large: readonly Entry[], records: SharedArrayBuffer, _width: number, ordered: boolean): AtOnce {
    return { ...shareOf(this.#reads, large, records, ordered), small: SMALL_AT_ONCE };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life.end();
  }
}

/** FORMAT.md §26.2. @throws MEMBER_MISSING, MEMBER_TAMPERED */
function sound<T extends Indexed>(object: T | undefined, file: string, size: number): T {
  if (!object) throw memberMissing(file);
  if (object.size !== size) throw memberTampered(file, 'it has another length');
  return object;
}

function isMissing(error: unknown): boolean {
  return isWeightsealError(error) && error.code === 'INPUT_NOT_FOUND';
}
