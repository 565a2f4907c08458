import { randomBytes } from '../common/crypto.js';
import { isWeightsealError, WeightsealError } from '../errors.js';
import type { Metadata } from '../format/metadata.js';
import { ENVELOPE_NAME, SEALING_NAME, TABLE_NAME } from '../format/path.js';
import { MANIFEST_NAME } from '../format/release-names.js';
import { headOf, type ReleaseOptions } from '../release/manifest-head.js';
import { replaced } from '../store/answers.js';
import { firstBelow } from '../store/list-all.js';
import { able, below, type StoreLocation, uriOf } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import type { StoredObject } from '../store/object-store.js';
import { ObjectWriter } from '../store/object-writer.js';
import { putDocument } from '../store/put-document.js';
import { requestsOf } from '../store/request.js';
import { bundleManifest } from './manifest-of.js';
import { putEnvelope } from './put-envelope.js';
import { type Removed, removeObjects } from './remove-objects.js';
import type { BundleSealer } from './sealer.js';
import { proveTable, type Table, writeTable } from './table.js';

/** For removing what was written, whatever ended it: an abort above all. */
const UNDO_MS = 60_000;
/** Bytes of a part, where nobody has said: the least that all stores take, since two objects are on their way at once. */
const PART_BYTES = 5_242_880;
/** Whoever was taken for cut off, and was swept, must not write over what another makes there by now. */
const NEW = { ifAbsent: true } as const;

/**
 * A bundle while it is made under a prefix: FORMAT.md §26.4. Whoever has put `weightseal.sealing` there has the prefix to itself until that is removed again, last of all. Disposed of before the
 * envelope is there, it removes what it has written.
 */
export class PrefixWriter implements AsyncDisposable {
  readonly #location: StoreLocation;
  readonly #signal: AbortSignal | undefined;
  readonly #mark: StoredObject;
  readonly #written = new Set<string>();
  #publishing = false;
  #published = false;

  private constructor(location: StoreLocation, mark: StoredObject, signal: AbortSignal | undefined) {
    this.#location = location;
    this.#mark = mark;
    this.#signal = signal;
  }

  /** Before any work. @throws OUTPUT_EXISTS, STORE_UNSUPPORTED, and what the store throws */
  static async checkEmpty(location: StoreLocation, signal: AbortSignal | undefined): Promise<void> {
    for (const method of ['put', 'remove', 'list'] as const) able(location.store, method);
    const found = await firstBelow(location, signal);
    if (found) throw exists(location, found);
  }

  /** @throws OUTPUT_EXISTS where anything is, or another seal is under way or was cut off */
  static async claim(location: StoreLocation, signal: AbortSignal | undefined): Promise<PrefixWriter> {
    const mark = { id: randomBytes(16).toString('hex'), started: new Date().toISOString() };
    const bytes = Buffer.from(`${JSON.stringify(mark)}\n`);
    const place = below(location, SEALING_NAME);
    const object = await putDocument(place, bytes, { ifAbsent: true }, signal).catch((error: unknown) => {
      throw isWeightsealError(error) && error.code === 'OUTPUT_EXISTS' ? sealing(location, error) : error;
    });
    const writer = new PrefixWriter(location, object, signal);
    try {
      // Once it is ours: one that had it before may have made a bundle meanwhile. And some stores look at a condition before they write, and not when they do: of two marks one is over the other.
      const found = await firstBelow(location, signal, object);
      if (found) throw exists(location, found);
      return writer;
    } catch (error) {
      await writer[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A new object of the bundle, which appears when it is complete. @param size bytes, where that is known */
  async create(file: string, size?: number): Promise<ObjectWriter> {
    this.#written.add(file);
    const tuning = { partBytes: PART_BYTES, ...this.#location.tuning };
    return await ObjectWriter.create(
      { ...below(this.#location, file), tuning },
      { size, condition: NEW, signal: this.#signal },
    );
  }

  /** A small one. */
  async put(file: string, bytes: Uint8Array): Promise<void> {
    this.#written.add(file);
    await putDocument(below(this.#location, file), bytes, NEW, this.#signal);
  }

  /** Where an object of the bundle will be, which somebody else puts there, and only where there is none. */
  placeOf(file: string): StoreLocation {
    this.#written.add(file);
    return below(this.#location, file);
  }

  /** The table, and last what makes a bundle of it all. Returns the bytes of table and envelope. @throws INPUT_CHANGED where the prefix is somebody else's by now */
  async publish(
    sealer: BundleSealer,
    table: Table,
    metadata: Metadata,
    release: ReleaseOptions | undefined,
  ): Promise<number> {
    const written = await this.#writeTable(sealer, table);
    await this.#writeManifest(headOf(sealer.core, 'bundle', release), table, written);
    const envelope = sealer.envelope(written, metadata);
    await this.#checkOurs();
    this.#publishing = true;
    await putEnvelope(below(this.#location, ENVELOPE_NAME), envelope, { ifAbsent: true }, this.#signal);
    this.#published = true;
    // The bundle is whole: a mark that stays is passed over.
    await removeObjects(this.#location, [this.#own], this.#signal).catch(() => {});
    return written.size + envelope.length;
  }

  async #writeManifest(
    head: ReturnType<typeof headOf>,
    table: Table,
    written: { readonly size: number; readonly digest: Uint8Array },
  ): Promise<void> {
    await using writer = await this.create(MANIFEST_NAME);
    for (const piece of bundleManifest(head, table, written)) await writer.write(piece);
    await writer.complete();
  }

  async #writeTable(sealer: BundleSealer, table: Table): Promise<{ size: number; digest: Uint8Array }> {
    const { tableHeader, tableMessage } = sealer;
    await using writer = await this.create(TABLE_NAME);
    const written = await writeTable(table, tableHeader, tableMessage, (bytes) => writer.write(bytes));
    const object = await writer.complete();
    await using source = ObjectSource.of(this.#location, object);
    await proveTable(source, tableMessage, written.digest, tableHeader, table);
    return written;
  }

  /** Somebody may have swept what took too long. */
  async #checkOurs(): Promise<void> {
    const now = await this.#statOf(SEALING_NAME, this.#signal);
    if (now?.version !== this.#mark.version) throw replaced(uriOf(below(this.#location, SEALING_NAME)));
  }

  /** Undefined where there is no such object. */
  async #statOf(name: string, signal: AbortSignal | undefined): Promise<StoredObject | undefined> {
    const place = below(this.#location, name);
    return await requestsOf(place)
      .run(`look at ${uriOf(place)}`, signal, (call) => place.store.stat(place.key, call))
      .catch((error: unknown) => {
        if (isWeightsealError(error) && error.code === 'INPUT_NOT_FOUND') return undefined;
        throw error;
      });
  }

  get #own(): Removed {
    return { name: SEALING_NAME, version: this.#mark.version };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#published) return;
    const signal = AbortSignal.timeout(UNDO_MS);
    try {
      if (!(await this.#isStillOurs(signal))) return;
      await removeObjects(this.#location, this.#written, signal);
      await removeObjects(this.#location, [this.#own], signal);
    } catch {
      // What ended the seal is told; what stays here a sweep finds by its mark.
    }
  }

  /** Whether what lies there is nobody else's, and no bundle: an envelope may be there although nobody was told so. */
  async #isStillOurs(signal: AbortSignal): Promise<boolean> {
    const mark = await this.#statOf(SEALING_NAME, signal);
    if (mark && mark.version !== this.#mark.version) return false;
    return (mark && !this.#publishing) || (await this.#statOf(ENVELOPE_NAME, signal)) === undefined;
  }
}

function exists(location: StoreLocation, { key }: StoredObject): WeightsealError {
  const name = key.slice(location.key === '' ? 0 : location.key.length + 1);
  if (name === SEALING_NAME) return sealing(location);
  return new WeightsealError(
    'OUTPUT_EXISTS',
    `Below ${uriOf(location)} something lies already, ${uriOf({ ...location, key })}, and a bundle in a store takes nothing's place. Choose another prefix, one for each version, or remove what is there.`,
  );
}

function sealing(location: StoreLocation, cause?: unknown): WeightsealError {
  return new WeightsealError(
    'OUTPUT_EXISTS',
    `Below ${uriOf(location)} a bundle is being sealed, or was when somebody was cut off (${SEALING_NAME}). Wait for it, sweep what it left (weightseal sweep; \`sweepBundle\` in a program), or choose another prefix.`,
    { cause },
  );
}
