import {
  below,
  eachListed,
  isWeightsealError,
  ObjectSource,
  type StoredObject,
  type StoreLocation,
  uriOf,
} from '@weightseal/core';
import { WeightedCache } from '../catalogue/weighted-cache.js';
import { busy } from '../http/status.js';
import { Access } from './access.js';
import type { Found, Name, Root } from './root.js';

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
  readonly #access: Access;

  /** @param onProblem told when the store begins to refuse whatever it is asked for */
  constructor(location: StoreLocation, onProblem: (error: Error) => void) {
    this.#location = location;
    this.#access = new Access(location, onProblem);
    this.name = uriOf(location);
    this.ownName = location.key.replace(/^.*\//, '') || 'models';
  }

  async open(path: string, signal?: AbortSignal): Promise<Found | undefined> {
    const location = below(this.#location, path);
    const known = this.#known.get(path);
    if (known && known.until > performance.now())
      return known.object && new OpenObject(ObjectSource.of(location, known.object));
    const source = await ObjectSource.open(location, { first: FIRST_BYTES, signal }).catch(
      async (error: unknown) => {
        if (!isWeightsealError(error)) throw error;
        if (error.code === 'STORE_DENIED') await this.#access.check(error, signal);
        else if (error.code !== 'INPUT_NOT_FOUND') throw error;
        return undefined;
      },
    );
    // What it does not say for sure is asked for again.
    if (source) this.#access.granted(location);
    if (source || !this.#access.doubt) this.#know(path, source?.object);
    return source && new OpenObject(source);
  }

  #know(path: string, object: StoredObject | undefined): void {
    this.#known.set(path, { object, until: performance.now() + KNOWN_MS });
  }

  async names(path: string, signal: AbortSignal): Promise<readonly Name[]> {
    const place = path === '' ? this.#location : below(this.#location, path);
    const from = place.key === '' ? 0 : place.key.length + 1;
    const names: Name[] = [];
    try {
      for await (const one of eachListed(place, { oneLevel: true }, signal)) {
        const name = ('prefix' in one ? one.prefix.replace(/\/$/, '') : one.key).slice(from);
        // What consoles make where somebody asks for a folder, and an empty name, which no path has.
        if (name === '' || name.endsWith('/')) continue;
        if ('prefix' in one) names.push({ name, kind: 'directory' });
        else {
          this.#forget(path === '' ? name : `${path}/${name}`, one);
          names.push({ name, kind: 'file', identity: identityOf(one) });
        }
      }
    } catch (error) {
      if (!isWeightsealError(error) || error.code !== 'STORE_DENIED') throw error;
      throw busy('The store in which the models lie does not let the server list them', error);
    }
    return names;
  }

  /** What is another by now. */
  #forget(path: string, object: StoredObject): void {
    const known = this.#known.get(path);
    if (known && known.object?.version !== object.version) this.#known.delete(path);
  }

  identity(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  doubt(): Error | undefined {
    return this.#access.doubt;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

class OpenObject implements Found {
  readonly identity: string;
  readonly size: number;
  readonly modified: number | undefined;
  readonly source: ObjectSource;

  constructor(source: ObjectSource) {
    const { size, modified } = source.object;
    this.source = source;
    this.size = size;
    this.identity = identityOf(source.object);
    this.modified = modified === undefined ? undefined : Date.parse(modified);
  }

  get since(): number | undefined {
    return this.modified;
  }

  /** The store refuses to read what is another by now (INPUT_CHANGED). */
  unchanged(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source.close();
  }
}

function identityOf({ key, size, version }: StoredObject): string {
  return `${key}\n${size}\n${version}`;
}
