import type { Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { storedFiles } from '../bundle/stored-files.js';
import { checkKinds, checkPath } from '../common/arguments.js';
import { ioError, isWeightsealError, throwIfAborted, WeightsealError } from '../errors.js';
import { ENVELOPE_NAME, TABLE_NAME } from '../format/path.js';
import { isSealed, MAGIC_LENGTH, MIN_AREA, PREAMBLE_LENGTH } from '../format/preamble.js';
import { isOfRelease } from '../format/release-names.js';
import { FLOE_HEADER, OVERHEAD } from '../format/sizes.js';
import { FileSource } from '../io/byte-source.js';
import { Directory } from '../io/output/directory.js';
import { eachListed } from '../store/each-listed.js';
import { findObject } from '../store/find-object.js';
import { below, isLocation, type StoreLocation, uriOf } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import type { Listed, StoredObject } from '../store/object-store.js';
import { inOrder } from './in-order.js';
import type { ListOptions, StoredAt, StoredEntry } from './types.js';

/** FORMAT.md §3: no sealed file is shorter. */
const SHORTEST = PREAMBLE_LENGTH + 2 * MIN_AREA + FLOE_HEADER + OVERHEAD;
const AT_ONCE = 16;
/** Those of the clouds have at most 1024 bytes. */
const MOST_KEY = 2048;

/** See `public.ts`. */
export async function* listSealed(
  at: StoredAt,
  options: ListOptions = {},
): AsyncGenerator<StoredEntry, void, undefined> {
  const kinds = { recursive: 'boolean', onUnreadable: 'function' } as const;
  checkKinds(options, 'listSealed', kinds, ['signal'], true);
  const { signal } = options;
  const place = isLocation(at)
    ? new InStore(at, signal)
    : new OnDisk(checkPath(at, 'What is listed'), signal);
  const own = await place.itself();
  if (own) yield own;
  else yield* level(place, options, '');
}

interface Named {
  readonly name: string;
  readonly look: () => Promise<StoredEntry>;
}

/** What lies below a place, of either kind. */
interface Looked {
  /** What the place itself is, where that is no directory. @throws INPUT_NOT_FOUND */
  itself(): Promise<StoredEntry | undefined>;
  /** One level of it: names, and whether something may be below them. */
  names(): AsyncIterable<Named>;
  below(name: string): Looked;
}

async function* level(
  place: Looked,
  options: ListOptions,
  from: string,
): AsyncGenerator<StoredEntry, void, undefined> {
  const { recursive = false, onUnreadable, signal } = options;
  const tell = (path: string, error: unknown) => {
    if (!onUnreadable || !isUnreadable(error)) throw error;
    onUnreadable(path, error);
  };
  try {
    for await (const { name, entry, error } of inOrder(place.names(), AT_ONCE, looked)) {
      throwIfAborted(signal);
      if (!entry) tell(`${from}${name}`, error);
      else if (entry.kind !== 'directory' || !recursive) yield entry;
      else
        for await (const inner of level(place.below(entry.path), options, `${from}${entry.path}/`))
          yield { ...inner, path: `${entry.path}/${inner.path}` };
    }
  } catch (error) {
    // The place itself must be readable.
    if (from === '') throw error;
    tell(from.slice(0, -1), error);
  }
}

/** A failure waits for its turn. */
async function looked({
  name,
  look,
}: Named): Promise<{ name: string; entry?: StoredEntry; error?: unknown }> {
  try {
    return { name, entry: await look() };
  } catch (error) {
    return { name, error };
  }
}

/** What is of this one alone, and of none that comes after it. */
function isUnreadable(error: unknown): error is WeightsealError {
  return isWeightsealError(error) && ['IO_ERROR', 'INPUT_NOT_FOUND', 'STORE_DENIED'].includes(error.code);
}

class InStore implements Looked {
  readonly #at: StoreLocation;
  readonly #signal: AbortSignal | undefined;

  constructor(at: StoreLocation, signal: AbortSignal | undefined) {
    this.#at = at;
    this.#signal = signal;
  }

  async itself(): Promise<StoredEntry | undefined> {
    const bundle = await this.#bundle('');
    if (bundle) return bundle;
    const object = this.#at.key === '' ? undefined : await this.#found(this.#at);
    if (object) return await this.#file({ ...object, key: this.#at.key }, '');
    for await (const _any of eachListed(this.#at, { oneLevel: true }, this.#signal)) return undefined;
    if (this.#at.key === '') return undefined;
    throw new WeightsealError(
      'INPUT_NOT_FOUND',
      `There is nothing at ${uriOf(this.#at)}. Check the URI, and whose store it is.`,
    );
  }

  async *names(): AsyncGenerator<Named> {
    const from = this.#at.key === '' ? 0 : this.#at.key.length + 1;
    for await (const one of eachListed(this.#at, { oneLevel: true }, this.#signal)) {
      const name = ('prefix' in one ? one.prefix.replace(/\/$/, '') : one.key).slice(from);
      // What consoles make where somebody asks for a folder, and an empty name, which no path has.
      if (name === '' || name.endsWith('/')) continue;
      yield { name, look: () => this.#look(one, name) };
    }
  }

  below(name: string): InStore {
    // A server that has a level below each level would be looked into for ever.
    if (this.#at.key.length + name.length > MOST_KEY)
      throw new WeightsealError(
        'STORE_RESPONSE_INVALID',
        `${this.#at.store.uri} names levels below levels, longer than any key of a store is. Check the endpoint and proxies.`,
      );
    return new InStore(below(this.#at, name), this.#signal);
  }

  async #look(one: Listed, name: string): Promise<StoredEntry> {
    if ('prefix' in one) return (await this.#bundle(name)) ?? { kind: 'directory', path: name };
    return await this.#file(one, name);
  }

  async #file(object: Exclude<Listed, { prefix: string }>, path: string): Promise<StoredEntry> {
    const { size, modified } = object;
    const told = { path, sealedSize: size, ...(modified !== undefined && { modified }) };
    const unsealed = isOfRelease(object.key) ? 'release' : 'other';
    if (size < SHORTEST) return { kind: unsealed, ...told };
    await using source = ObjectSource.of({ ...this.#at, key: object.key }, object);
    try {
      const head = await source.read(0, MAGIC_LENGTH, { signal: this.#signal });
      return { kind: isSealed(head) ? 'sealed' : unsealed, ...told };
    } catch (error) {
      // Of a class of storage that must be thawed first, or replaced or removed meanwhile.
      if (isWeightsealError(error) && /^(?:STORE_DENIED|INPUT_)/.test(error.code))
        return { kind: 'other', ...told };
      throw error;
    }
  }

  async #bundle(name: string): Promise<StoredEntry | undefined> {
    const at = name === '' ? this.#at : below(this.#at, name);
    const envelope = await this.#found(below(at, ENVELOPE_NAME));
    if (!envelope) return undefined;
    const { modified } = envelope;
    const told = { kind: 'bundle' as const, path: name, ...(modified !== undefined && { modified }) };
    let [files, sealedSize] = [0, 0];
    try {
      for await (const one of eachListed(at, { oneLevel: false }, this.#signal)) {
        if ('prefix' in one || one.key.endsWith('/')) continue;
        files++;
        sealedSize += one.size;
      }
      return { ...told, sealedSize, files };
    } catch (error) {
      if (isWeightsealError(error) && error.code === 'STORE_UNSUPPORTED') return told;
      throw error;
    }
  }

  async #found(at: StoreLocation): Promise<StoredObject | undefined> {
    return await findObject(at, this.#signal).catch((error: unknown) => {
      // Who may not list is told so of what is not there.
      if (isWeightsealError(error) && error.code === 'STORE_DENIED') return undefined;
      throw error;
    });
  }
}

class OnDisk implements Looked {
  readonly #at: string;
  readonly #signal: AbortSignal | undefined;

  constructor(at: string, signal: AbortSignal | undefined) {
    this.#at = at;
    this.#signal = signal;
  }

  async itself(): Promise<StoredEntry | undefined> {
    const found = await this.#look('').catch((error: unknown) => {
      throw ioError(error, `look at ${this.#at}`);
    });
    return found.kind === 'directory' ? undefined : found;
  }

  async *names(): AsyncGenerator<Named> {
    const names = await readdir(this.#at).catch((error: unknown) => {
      throw ioError(error, `look into ${this.#at}`);
    });
    for (const name of names.sort())
      yield {
        name,
        look: () =>
          this.#look(name).catch((error: unknown) => {
            throw ioError(error, `look at ${this.#at}/${name}`);
          }),
      };
  }

  below(name: string): OnDisk {
    return new OnDisk(`${this.#at}/${name}`, this.#signal);
  }

  async #look(name: string): Promise<StoredEntry> {
    const at = name === '' ? this.#at : `${this.#at}/${name}`;
    const stats = await statOf(at, name === '');
    const modified = stats.mtime.toISOString();
    if (stats.isDirectory()) return (await bundleIn(at, name)) ?? { kind: 'directory', path: name };
    const told = { path: name, sealedSize: stats.size, modified };
    const unsealed = stats.isFile() && isOfRelease(at) ? 'release' : 'other';
    if (!stats.isFile() || stats.size < SHORTEST) return { kind: unsealed, ...told };
    try {
      await using source = await FileSource.open(at);
      return { kind: isSealed(await source.readSome(0, MAGIC_LENGTH)) ? 'sealed' : unsealed, ...told };
    } catch (error) {
      // Another user's, or gone meanwhile.
      if (isWeightsealError(error)) return { kind: 'other', ...told };
      throw error;
    }
  }
}

/** Links lead to files, as in the cache of a hub, and to no directories: they could lead in a circle. */
async function statOf(path: string, follow: boolean): Promise<Stats> {
  const own = await lstat(path);
  if (!own.isSymbolicLink()) return own;
  const led = await stat(path).catch(() => own);
  return led.isDirectory() && !follow ? own : led;
}

async function bundleIn(at: string, name: string): Promise<StoredEntry | undefined> {
  const envelope = await statOf(`${at}/${ENVELOPE_NAME}`, true).catch(() => undefined);
  if (!envelope?.isFile()) return undefined;
  await using root = await Directory.open(at);
  const files = await storedFiles(root, undefined, true);
  const table = await statOf(root.at(TABLE_NAME), true).catch(() => undefined);
  const sizes = [...files.map(({ sealedSize }) => sealedSize), envelope.size, ...(table ? [table.size] : [])];
  const sealedSize = sizes.reduce((sum, size) => sum + size, 0);
  return {
    kind: 'bundle',
    path: name,
    sealedSize,
    files: sizes.length,
    modified: envelope.mtime.toISOString(),
  };
}
