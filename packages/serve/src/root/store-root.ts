import {
  below,
  isWeightsealError,
  listSealed,
  ObjectSource,
  openReleased,
  type ReadManifest,
  readManifest,
  type StoredObject,
  type StoreLocation,
  uriOf,
} from '@weightseal/core';
import { WeightedCache } from '../catalogue/weighted-cache.js';
import type { Candidate, Found, Root } from './root.js';

/** What a store has said of a name, or that it has none, counts so long: parts of a file that are asked for one after another are one question, and a new version is seen soon. */
const KNOWN_MS = 2000;
const MOST_KNOWN = 16_384;
/** The head of a sealed file, mostly; the first request of each object has it. */
const FIRST_BYTES = 4096;

interface Known {
  readonly object: StoredObject | undefined;
  readonly until: number;
}

/** A place in a store. Each read is of the version that was found, or refused by the store. The store is the caller's to close. */
export class StoreRoot implements Root {
  readonly name: string;
  readonly ownName: string;
  readonly #location: StoreLocation;
  readonly #known = new WeightedCache<Known>(MOST_KNOWN);

  constructor(location: StoreLocation) {
    this.#location = location;
    this.name = uriOf(location);
    this.ownName = location.key.replace(/^.*\//, '') || 'models';
  }

  async open(path: string, signal?: AbortSignal): Promise<Found | undefined> {
    const location = below(this.#location, path);
    const known = this.#known.get(path);
    if (known && known.until > performance.now())
      return known.object && new OpenObject(ObjectSource.of(location, known.object));
    const source = await ObjectSource.open(location, { first: FIRST_BYTES, signal }).catch(
      (error: unknown) => {
        // Who may not list is told so of what is not there.
        if (isWeightsealError(error) && /^(?:INPUT_NOT_FOUND|STORE_DENIED)$/.test(error.code))
          return undefined;
        throw error;
      },
    );
    this.#known.set(path, { object: source?.object, until: performance.now() + KNOWN_MS });
    return source && new OpenObject(source);
  }

  async manifest(path: string, signal: AbortSignal): Promise<ReadManifest> {
    const place = path === '' ? this.#location : below(this.#location, path);
    await using released = await openReleased(place, { signal });
    return await readManifest(released, { signal });
  }

  async *list(signal: AbortSignal): AsyncGenerator<Candidate, void, undefined> {
    for await (const { kind, path } of listSealed(this.#location, { recursive: true, signal })) {
      if (kind === 'sealed') yield { kind: 'file', path };
      else if (kind === 'bundle') yield { kind, path };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

class OpenObject implements Found {
  readonly identity: string;
  readonly size: number;
  readonly modified: number | undefined;
  readonly source: ObjectSource;

  constructor(source: ObjectSource) {
    const { key, version, size, modified } = source.object;
    this.source = source;
    this.size = size;
    this.identity = `${key}\n${size}\n${version}`;
    this.modified = modified === undefined ? undefined : Date.parse(modified);
  }

  /** The store refuses to read what is another by now (INPUT_CHANGED). */
  unchanged(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source.close();
  }
}
